"""Fusions that violate one check each."""

from __future__ import annotations

import gc
import random
from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from brownout_blocks import pool_present, pooled_size
from brownout_registry import Dataset, Prediction, Representation, Step, Task, UsageError


class Healthy(nn.Module):
    """The sum of linear heads over what is present."""

    def __init__(self, task: Task, representations: Mapping[str, Representation]) -> None:
        super().__init__()
        self.task, self.representations = task, dict(representations)
        self.heads = nn.ModuleList(nn.Linear(pooled_size(each), len(task.classes)) for each in representations.values())

    def forward(self, sources: Mapping[str, Tensor], present: Tensor) -> Prediction:
        pooled = pool_present(self.representations, sources, present)
        parts = [head(each) for head, each in zip(self.heads, pooled.values(), strict=True)]
        logits = torch.where(present[:, :, None], torch.stack(parts, 1), 0.0)
        return Prediction(
            logits.sum(1),
            unimodal=dict(zip(pooled, logits.unbind(1), strict=True)),
            weights=dict(zip(pooled, present.to(logits.dtype).unbind(1), strict=True)),
            uncertainty=-logits.sum(1).amax(1),
        )

    def loss(self, prediction: Prediction, target: Tensor, step: Step) -> Tensor:
        return functional.cross_entropy(prediction.logits, target)


class Optional(Healthy):
    def __init__(self, task: Task, representations: Mapping[str, Representation], *, width: Any) -> None:
        super().__init__(task, representations)


class TwoOnly(Healthy):
    """Healthy, and made for two modalities."""

    def __init__(self, task: Task, representations: Mapping[str, Representation]) -> None:
        if len(representations) != 2:
            raise UsageError("two-only takes two modalities")
        super().__init__(task, representations)


class HealthyDecision(nn.Module):
    def __init__(self, task: Task, heads: Mapping[str, nn.Linear]) -> None:
        super().__init__()
        self.names = tuple(heads)

    def forward(self, sources: Mapping[str, Tensor], present: Tensor) -> Prediction:
        stacked = torch.stack([sources[name] for name in self.names], 1)
        return Prediction(torch.where(present[:, :, None], stacked, 0.0).sum(1))


def healthy_function(task: Task, heads: Mapping[str, nn.Linear]) -> Any:
    return HealthyDecision(task, heads).forward


class HealthyInput(nn.Module):
    def __init__(self, task: Task, modalities: Mapping[str, Any]) -> None:
        super().__init__()
        if any(each.kind != "vector" for each in modalities.values()):
            raise UsageError("vectors only")
        representations = {name: Representation("vector", each.shape) for name, each in modalities.items()}
        self.inner = Healthy(task, representations)

    def forward(self, sources: Mapping[str, Tensor], present: Tensor) -> Prediction:
        return self.inner(sources, present)  # type: ignore[no-any-return]


class FewColours(Healthy):
    def __init__(self, task: Task, representations: Mapping[str, Representation]) -> None:
        super().__init__(task, representations)
        self.colours = [list(range(64))[k] for k in range(len(task.classes))]


class RefusesAll(Healthy):
    def __init__(self, task: Task, representations: Mapping[str, Representation]) -> None:
        raise UsageError("no")


class NothingIsNan(Healthy):
    def forward(self, sources: Mapping[str, Tensor], present: Tensor) -> Prediction:
        logits = super().forward(sources, present).logits
        return Prediction(logits / present.sum(1, keepdim=True))


class NanLoss(Healthy):
    """The mean over the complete samples of a batch, of which there may be none."""

    def loss(self, prediction: Prediction, target: Tensor, step: Step) -> Tensor:
        there = torch.stack(list(prediction.weights.values()), 1).any(1)
        loss = functional.cross_entropy(prediction.logits, target)
        return loss if bool(there.all()) else loss * torch.nan


class Overflows(Healthy):
    def forward(self, sources: Mapping[str, Tensor], present: Tensor) -> Prediction:
        logits = super().forward(sources, present).logits
        return Prediction((logits.exp() / logits.exp().sum(1, keepdim=True)).clamp_min(1e-9).log())


class StrangeWeights(Healthy):
    def forward(self, sources: Mapping[str, Tensor], present: Tensor) -> Prediction:
        logits = super().forward(sources, present).logits
        return Prediction(logits, weights={"sight": torch.ones(len(present))})


class StrangeUnimodal(Healthy):
    def forward(self, sources: Mapping[str, Tensor], present: Tensor) -> Prediction:
        logits = super().forward(sources, present).logits
        return Prediction(logits, unimodal={"a": logits[:, :-1]})


class StrangeEmbedding(Healthy):
    def forward(self, sources: Mapping[str, Tensor], present: Tensor) -> Prediction:
        logits = super().forward(sources, present).logits
        return Prediction(logits, embedding=logits[:, None])


class Multiplies(Healthy):
    def forward(self, sources: Mapping[str, Tensor], present: Tensor) -> Prediction:
        masked = {
            name: each * present[:, column].reshape(-1, *[1] * (each.ndim - 1))
            for column, (name, each) in enumerate(sources.items())
        }
        return super().forward(masked, torch.ones_like(present))


class TrainsOnAbsent(Healthy):
    def forward(self, sources: Mapping[str, Tensor], present: Tensor) -> Prediction:
        prediction = super().forward(sources, present)
        prediction.terms["all"] = torch.stack([each.flatten(1).mean(1) for each in sources.values()], 1)
        return prediction

    def loss(self, prediction: Prediction, target: Tensor, step: Step) -> Tensor:
        return super().loss(prediction, target, step) + 0.01 * prediction.terms["all"].square().mean()


class SumsAll(HealthyDecision):
    def forward(self, sources: Mapping[str, Tensor], present: Tensor) -> Prediction:
        return super().forward(sources, torch.ones_like(present))


class ReadsInputs(HealthyInput):
    def forward(self, sources: Mapping[str, Tensor], present: Tensor) -> Prediction:
        return super().forward(sources, torch.ones_like(present))


class Centres(Healthy):
    def forward(self, sources: Mapping[str, Tensor], present: Tensor) -> Prediction:
        logits = super().forward(sources, present).logits
        return Prediction(logits - 0.1 * logits.mean(0))


class EditsSources(Healthy):
    def forward(self, sources: Mapping[str, Tensor], present: Tensor) -> Prediction:
        for each in sources.values():
            each.mul_(0.5)
        return super().forward(sources, present)


class OwnDice(Healthy):
    def __init__(self, task: Task, representations: Mapping[str, Representation]) -> None:
        super().__init__(task, representations)
        self.bias = nn.Parameter(torch.full((len(task.classes),), random.random()))

    def forward(self, sources: Mapping[str, Tensor], present: Tensor) -> Prediction:
        return Prediction(super().forward(sources, present).logits + self.bias)


class IdleLayer(Healthy):
    def __init__(self, task: Task, representations: Mapping[str, Representation]) -> None:
        super().__init__(task, representations)
        self.idle = nn.Linear(3, 3)


class NeverFitted(HealthyDecision):
    def __init__(self, task: Task, heads: Mapping[str, nn.Linear]) -> None:
        super().__init__(task, heads)
        self.scale = nn.Parameter(torch.ones(()))

    def forward(self, sources: Mapping[str, Tensor], present: Tensor) -> Prediction:
        return Prediction(super().forward(sources, present).logits * self.scale)


class Forgets(Healthy):
    def __init__(self, task: Task, representations: Mapping[str, Representation]) -> None:
        super().__init__(task, representations)
        self.shift = torch.randn(len(task.classes))

    def forward(self, sources: Mapping[str, Tensor], present: Tensor) -> Prediction:
        return Prediction(super().forward(sources, present).logits + self.shift)


class Float32Only(Healthy):
    def forward(self, sources: Mapping[str, Tensor], present: Tensor) -> Prediction:
        logits = super().forward(sources, present).logits
        return Prediction(logits @ torch.eye(logits.shape[1]))


class StaysBehind(Healthy):
    def forward(self, sources: Mapping[str, Tensor], present: Tensor) -> Prediction:
        logits = super().forward(sources, present).logits
        return Prediction(logits + torch.zeros(logits.shape[1], device="cpu", dtype=logits.dtype))


class WrongTarget(Healthy):
    def loss(self, prediction: Prediction, target: Tensor, step: Step) -> Tensor:
        return super().loss(prediction, (target + 1) % len(self.task.classes), step)


class HuntsTestData(Healthy):
    """Looks for datasets in memory, where the engine's own loop trains it."""

    def loss(self, prediction: Prediction, target: Tensor, step: Step) -> Tensor:
        for each in gc.get_objects() if step.train_size > 32 and step.epoch == 0 else ():
            if type(each) is Dataset and each.fingerprint == "toy":
                each.splits["test"].read("a", torch.arange(2))
        return super().loss(prediction, target, step)


class CountsTestData(Healthy):
    seen: Tensor

    def __init__(self, task: Task, representations: Mapping[str, Representation]) -> None:
        super().__init__(task, representations)
        self.register_buffer("seen", torch.zeros(()))

    def forward(self, sources: Mapping[str, Tensor], present: Tensor) -> Prediction:
        if not self.training:
            self.seen += len(present)
        return super().forward(sources, present)
