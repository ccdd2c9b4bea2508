"""Decision-level fusions."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor, nn

from brownout_registry import Prediction, Task
from brownout_testing.faults import spoil


class Faulty(nn.Module):
    """Mean of the logits of what is present, unless something goes wrong."""

    def __init__(self, task: Task, heads: Mapping[str, nn.Linear], *, fault: str, only: str) -> None:
        super().__init__()
        self.names, self.fault, self.only = tuple(heads), fault, only

    def forward(self, sources: Mapping[str, Tensor], present: Tensor) -> Prediction:
        """Logits ``[B, K]`` or ``[B, K, H, W]``."""
        stacked = torch.stack([sources[name] for name in self.names], 1)
        weights = present / present.sum(1, keepdim=True).clamp(min=1)
        logits = (stacked * weights.reshape(*weights.shape, *[1] * (stacked.ndim - 2))).sum(1)
        if self.only and bool(present[:, self.names.index(self.only)].all()):
            return Prediction(logits)
        return Prediction(spoil(self.fault, logits))


class Stacked(nn.Module):
    """A trained weight for each modality's logits."""

    def __init__(self, task: Task, heads: Mapping[str, nn.Linear]) -> None:
        super().__init__()
        self.names = tuple(heads)
        self.weights = nn.Parameter(torch.randn(len(heads)))

    def forward(self, sources: Mapping[str, Tensor], present: Tensor) -> Prediction:
        """Logits ``[B, K]``."""
        weights = torch.where(present, self.weights, 0.0)
        return Prediction(torch.stack([sources[n] * weights[:, v, None] for v, n in enumerate(self.names)]).sum(0))
