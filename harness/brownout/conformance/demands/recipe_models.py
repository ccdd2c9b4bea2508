"""A small model for training recipes, and batches for it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from brownout.conformance.demands.fusion_asking import patterns
from brownout.conformance.demands.fusion_cases import NAMES, task_of
from brownout.conformance.kit import NotApplicable, Subject
from brownout.conformance.samples import copy_of
from brownout.engine.models import Joint, blank
from brownout.engine.seeding import seed
from brownout_registry import Batch, Prediction, Representation, Step, TrainingRecipe, UsageError

SIDE, FEATURES, CLASSES, TRAIN_SIZE = 4, 5, 3, 64


class Sum(nn.Module):
    """The sum of linear heads over what is present, with the heads' own logits as unimodal ones if asked for."""

    def __init__(self, count: int, tells: bool) -> None:
        super().__init__()
        self.heads = nn.ModuleList(nn.Linear(FEATURES, CLASSES) for _ in range(count))
        self.tells = tells

    def forward(self, sources: Mapping[str, Tensor], present: Tensor) -> Prediction:
        """Logits ``[B, K]``."""
        each = [head(values) for head, values in zip(self.heads, sources.values(), strict=True)]
        logits = torch.where(present[:, :, None], torch.stack(each, dim=1), 0.0)
        unimodal = dict(zip(sources, logits.unbind(1), strict=True)) if self.tells else {}
        return Prediction(logits.sum(1), unimodal=unimodal)


class OwnLoss(Sum):
    """The same with a loss of its own that counts its calls."""

    def __init__(self, count: int, tells: bool) -> None:
        super().__init__(count, tells)
        self.calls = 0

    def loss(self, prediction: Prediction, target: Tensor, step: Step) -> Tensor:
        """The cross-entropy."""
        self.calls += 1
        return functional.cross_entropy(prediction.logits, target)


class Words(nn.Module):
    """An encoder of texts: their length and a learned vector."""

    representation = Representation("vector", (FEATURES,))

    def __init__(self) -> None:
        super().__init__()
        self.direction = nn.Parameter(torch.ones(FEATURES))

    def forward(self, inputs: list[str]) -> Tensor:
        """``[B, 5]``."""
        lengths = torch.tensor([float(len(text)) for text in inputs], device=self.direction.device)
        return lengths[:, None] * 0.1 * self.direction


class Pictures(nn.Conv2d):
    """An encoder of pictures: one convolution, averaged over positions."""

    representation = Representation("vector", (FEATURES,))

    def forward(self, inputs: Tensor) -> Tensor:
        """``[B, 5]``."""
        return super().forward(inputs).mean((2, 3))


class Counting(torch.optim.SGD):
    """Stochastic gradient descent that counts its steps."""

    steps = 0

    def step(self, closure: Any = None) -> Any:
        """One step."""
        self.steps += 1
        return super().step(closure)


@dataclass(frozen=True)
class Trained:
    """What came of some batches: the model, what it was before, the losses, and the steps of the optimiser."""

    model: Joint
    before: dict[str, Tensor]
    losses: list[Any]
    steps: int


def model_of(count: int, *, tells: bool = True, own_loss: bool = False, text: bool = False) -> Joint:
    """Encoders of pictures (of texts for the last modality) below `Sum`; the first bias is frozen."""
    seed(0)
    encoders: dict[str, nn.Module] = {name: Pictures(1, FEATURES, 2) for name in NAMES[:count]}
    if text:
        encoders[NAMES[count - 1]] = Words()
    else:
        encoders["a"].bias.requires_grad_(False)
    fusion = OwnLoss(count, tells) if own_loss else Sum(count, tells)
    return Joint(encoders, fusion, task_of(CLASSES))


def batch_of(model: Joint, complete: bool = False, start: int = 0) -> Batch:
    """A batch for `model_of` with every missing pattern twice, or with everything there."""
    names, draws = list(model.encoders), torch.Generator().manual_seed(start)
    present = patterns(len(names)).repeat(2, 1)
    present = torch.ones(8, len(names), dtype=torch.bool) if complete else present
    inputs: dict[str, Any] = {}
    for column, name in enumerate(names):
        values = torch.rand(len(present), 1, SIDE, SIDE, generator=draws)
        inputs[name] = blank(values, present[:, column])
        if isinstance(model.encoders[name], Words):
            inputs[name] = ["word" * row if present[row, column] else "" for row in range(len(present))]
    return Batch(inputs, torch.arange(len(present)) % CLASSES, present)


def trained(subject: Subject, model: Joint, batches: list[Batch]) -> Trained:
    """Fit the batches under a fresh recipe, seeded.

    Raises:
        NotApplicable: the recipe refuses; the text is its own.
    """
    seed(0)
    recipe: TrainingRecipe = subject.build()
    for _, ready in recipe.phases(len(batches)) if hasattr(recipe, "phases") else ():
        ready(model)
    before = {name: each.clone() for name, each in model.state_dict().items()}
    optimiser = Counting([each for each in model.parameters() if each.requires_grad], lr=0.1)
    losses = []
    for epoch, batch in enumerate(batches):
        rows = torch.arange(len(batch.targets))
        step = Step(epoch, len(batches), rows + 1000, rows, TRAIN_SIZE)
        try:
            losses.append(recipe.train_batch(model.train(), batch, step, optimiser))
        except UsageError as refusal:
            raise NotApplicable(str(refusal)) from refusal
    return Trained(model, before, losses, optimiser.steps)


def copy_of_batch(batch: Batch) -> Batch:
    """The same batch elsewhere in memory."""
    inputs = {name: copy_of(each) for name, each in batch.inputs.items()}
    return Batch(inputs, batch.targets.clone(), batch.present.clone())
