"""Batches of any number of modalities, of every representation kind."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor

from brownout_imputing.plugin import brownout_fusions
from brownout_registry import Representation, Step, Task, bind_options, resolve

TASK = Task(("a", "b", "c", "d"), (0.1, 0.2, 0.3, 0.4))
KINDS = [
    Representation("vector", (5,)),
    Representation("map", (3, 2, 4)),
    Representation("sequence", (6, 2)),
    Representation("vector", (1,)),
    Representation("sequence", (1, 4)),
    Representation("map", (2, 1, 1)),
]


@pytest.fixture
def representations() -> Callable[[int], dict[str, Representation]]:
    """``representations(3)``: of that many modalities; a name may hold a dot."""
    return lambda count: {f"m.{i}": KINDS[i] for i in range(count)}


@pytest.fixture
def batch(representations: Any) -> Callable[..., tuple[dict[str, Tensor], Tensor, Tensor]]:
    """``batch(3, size=16)``: sources, the mask of what is present (all patterns first, none included), targets."""

    def make(count: int, size: int = 70, seed: int = 0) -> tuple[dict[str, Tensor], Tensor, Tensor]:
        random = torch.Generator().manual_seed(seed)
        kinds = representations(count)
        sources = {name: torch.randn(size, *each.shape, generator=random) for name, each in kinds.items()}
        present = (torch.arange(size)[:, None] >> torch.arange(count)) % 2 == 1
        return sources, present, torch.randint(0, len(TASK.classes), (size,), generator=random)

    return make


@pytest.fixture
def build(representations: Any) -> Callable[..., torch.nn.Module]:
    """``build("hemis", 3, variant=None, **options)``: a fusion of three modalities, as the engine makes it."""

    def make(name: str, count: int, variant: str | None = None, **options: Any) -> torch.nn.Module:
        torch.manual_seed(0)
        card = next(card for card in brownout_fusions() if card.name == name)
        fusion: torch.nn.Module = resolve(card)(TASK, representations(count), **bind_options(card, options, variant))
        return fusion

    return make


@pytest.fixture
def loss() -> Callable[..., Tensor]:
    """``loss(fusion, prediction, target)``: the fusion's own in its first epoch, or the cross-entropy."""

    def of(fusion: Any, prediction: Any, target: Tensor) -> Tensor:
        step = Step(epoch=0, epochs=9, ids=target, rows=target, train_size=len(target))
        if hasattr(fusion, "loss"):
            own: Tensor = fusion.loss(prediction, target, step)
            return own
        return torch.nn.functional.cross_entropy(prediction.logits, target)

    return of
