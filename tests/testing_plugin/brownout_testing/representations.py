"""A representation-level fusion with a token of its own."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor, nn
from torch.nn import functional

from brownout_registry import Prediction, Representation, Step, Task


class Tokens(nn.Module):
    """Sum of linear maps; a learned token takes the place of what is absent."""

    def __init__(self, task: Task, representations: Mapping[str, Representation], *, loss: str) -> None:
        super().__init__()
        sizes = {name: torch.Size(each.shape).numel() for name, each in representations.items()}
        self.maps = nn.ModuleDict({name: nn.Linear(size, len(task.classes)) for name, size in sizes.items()})
        self.tokens = nn.ParameterDict({name: torch.randn(size) for name, size in sizes.items()})
        self.kind = loss

    def forward(self, sources: Mapping[str, Tensor], present: Tensor) -> Prediction:
        """Logits ``[B, K]``, with each modality's own part of the sum."""
        parts = {}
        for column, (name, linear) in enumerate(self.maps.items()):
            values = torch.where(present[:, column, None], sources[name].flatten(1), self.tokens[name])
            parts[name] = linear(values)
        logits = torch.stack(list(parts.values())).sum(0)
        return Prediction(logits, unimodal=parts, diagnostics={"largest.part": logits.amax(1)})

    def loss(self, prediction: Prediction, target: Tensor, step: Step) -> Tensor:
        """The cross-entropy, or NaN."""
        loss = functional.cross_entropy(prediction.logits, target)
        return loss * torch.nan if self.kind == "nan" else loss
