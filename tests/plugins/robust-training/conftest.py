"""Small models of any kind of modality, as the engine puts them together, and batches for them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from brownout.engine.models import Joint
from brownout_baselines.concatenation import Concatenation
from brownout_registry import Batch, Inputs, Padded, Prediction, Representation, Step, Task, bind_options, resolve
from brownout_robust_training.plugin import brownout_trainings

TASK = Task(("a", "b", "c"), (0.4, 0.3, 0.3))
WIDTH = 4


class Probe(nn.Module):
    """A linear encoder of the mean over real steps, or of the length of a text."""

    def __init__(self, norm: bool = False, dropout: float = 0.0) -> None:
        super().__init__()
        self.representation = Representation("vector", (WIDTH,))
        norms = [nn.BatchNorm1d(WIDTH)] if norm else []
        self.layers = nn.Sequential(*norms, nn.Linear(WIDTH, WIDTH), nn.Dropout(dropout))

    def forward(self, inputs: Inputs) -> Tensor:
        if isinstance(inputs, list):
            return self.layers(torch.tensor([[float(len(text))] * WIDTH for text in inputs]))
        if isinstance(inputs, Tensor):
            return self.layers(inputs.flatten(2).mean(2) if inputs.ndim > 2 else inputs)
        return self.layers(inputs.values.sum(1) / inputs.lengths[:, None].clamp(min=1))


@dataclass
class Calls:
    """What a model's loss was called with."""

    steps: list[Step] = field(default_factory=list)
    targets: list[Tensor] = field(default_factory=list)
    losses: list[float] = field(default_factory=list)


class Watched(Joint):
    """A model that remembers the calls of its loss and the inputs it was trained on."""

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self.calls, self.trained_on = Calls(), []

    def forward(self, inputs: Mapping[str, Inputs], present: Tensor) -> Prediction:
        if self.fusion.training:
            self.trained_on.append((dict(inputs), present))
        return super().forward(inputs, present)

    def loss(self, prediction: Prediction, target: Tensor, step: Step) -> Tensor:
        loss = super().loss(prediction, target, step)
        self.calls.steps.append(step)
        self.calls.targets.append(target)
        self.calls.losses.append(float(loss.detach()))
        return loss


@pytest.fixture
def make_model() -> Callable[..., Watched]:
    """``make_model(names, norm=False, dropout=0.0, fusion=None)``, always the same weights."""

    def make(names: Sequence[str], fusion: nn.Module | None = None, **options: Any) -> Watched:
        torch.manual_seed(0)
        encoders = {name: Probe(**options) for name in names}
        shapes = {name: Representation("vector", (WIDTH,)) for name in names}
        return Watched(encoders, fusion or Concatenation(TASK, shapes, hidden=[8]), TASK).train()

    return make


@pytest.fixture
def make_batch() -> Callable[..., tuple[Batch, Step]]:
    """``make_batch(["vector", "map", "sequence", "text2"], missing=0.3)``: kinds, digits may follow."""

    def make(names: Sequence[str], size: int = 8, missing: float = 0.0, seed: int = 0) -> tuple[Batch, Step]:
        random = torch.Generator().manual_seed(seed)
        present = torch.rand(size, len(names), generator=random) >= missing
        present[range(size), torch.arange(size) % len(names)] = True
        inputs = {name: zeroed(content(name, size, random), present[:, place]) for place, name in enumerate(names)}
        targets = torch.randint(3, (size,), generator=random)
        return Batch(inputs, targets, present), Step(0, 2, torch.arange(size) + 100, torch.arange(size), 4 * size)

    return make


def content(name: str, size: int, random: torch.Generator) -> Inputs:
    kind = name.rstrip("0123456789")
    if kind == "text":
        return ["x" * (1 + row % 5) for row in range(size)]
    if kind == "vector":
        return torch.rand(size, WIDTH, generator=random)
    if kind == "map":
        return torch.rand(size, WIDTH, 2, 3, generator=random)
    lengths = 1 + torch.randint(5, (size,), generator=random)
    values = torch.rand(size, 5, WIDTH, generator=random)
    return Padded(values * (torch.arange(5) < lengths[:, None])[..., None], lengths)


def zeroed(inputs: Inputs, there: Tensor) -> Inputs:
    """The engine's zero input where something is absent by nature."""
    if isinstance(inputs, list):
        return [text if keep else "" for text, keep in zip(inputs, there.tolist(), strict=True)]
    if isinstance(inputs, Padded):
        return Padded(inputs.values * there[:, None, None], inputs.lengths)
    return inputs * there.reshape(-1, *[1] * (inputs.ndim - 1))


@pytest.fixture
def build() -> Callable[..., Any]:
    """``build("adversarial", epsilon=0.1)``: a recipe with the options of its card."""
    cards = {card.name: card for card in brownout_trainings()}

    def make(name: str, variant: str | None = None, **options: Any) -> Any:
        return resolve(cards[name])(**bind_options(cards[name], options, variant))

    return make


@pytest.fixture
def sgd() -> Callable[..., torch.optim.Optimizer]:
    """``sgd(model, lr=0.1)``."""
    return lambda model, lr=0.1: torch.optim.SGD(model.parameters(), lr=lr)
