"""A fusion that owns its encoders."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn

from brownout_registry import Modality, Prediction, Task
from brownout_testing.probe import numbers, size_of


class Early(nn.Module):
    """One linear layer over all inputs side by side, with the mask of what is present."""

    def __init__(self, task: Task, modalities: Mapping[str, Modality]) -> None:
        super().__init__()
        self.names = tuple(modalities)
        size = sum(size_of(each) for each in modalities.values())
        self.layer = nn.Linear(size + len(modalities), len(task.classes))

    def forward(self, sources: Mapping[str, Any], present: Tensor) -> Prediction:
        """Logits ``[B, K]``; the engine has put the zero input where something is absent."""
        parts = [numbers(sources[name]).flatten(1) for name in self.names]
        return Prediction(self.layer(torch.cat([*parts, present.float()], 1)))
