"""Batches of any number of modalities, of every representation kind."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from brownout_qmf.fusion import QualityAwareFusion
from brownout_qmf.plugin import brownout_fusions
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
def batch() -> Callable[..., tuple[dict[str, Tensor], Tensor, Tensor]]:
    """``batch(3, size=16)``: sources, the mask of what is present (all patterns first, none included), targets."""

    def make(count: int, size: int = 70, seed: int = 0) -> tuple[dict[str, Tensor], Tensor, Tensor]:
        random = torch.Generator().manual_seed(seed)
        sources = {f"m.{i}": torch.randn(size, *KINDS[i].shape, generator=random) for i in range(count)}
        present = (torch.arange(size)[:, None] >> torch.arange(count)) % 2 == 1
        return sources, present, torch.randint(0, len(TASK.classes), (size,), generator=random)

    return make


@pytest.fixture
def build() -> Callable[..., QualityAwareFusion]:
    """``build(3, variant=None, **options)``: the fusion of three modalities, as the engine makes it."""

    def make(count: int, variant: str | None = None, **options: Any) -> QualityAwareFusion:
        torch.manual_seed(0)
        (card,) = brownout_fusions()
        representations = {f"m.{i}": KINDS[i] for i in range(count)}
        fusion: QualityAwareFusion = resolve(card)(TASK, representations, **bind_options(card, options, variant))
        return fusion

    return make


@pytest.fixture
def identity() -> Callable[..., QualityAwareFusion]:
    """``identity(["a", "b"], dtype, variant=None, **options)``: four classes, representations are the logits."""

    def make(
        names: list[str], dtype: torch.dtype = torch.float64, variant: str | None = None, **options: Any
    ) -> QualityAwareFusion:
        (card,) = brownout_fusions()
        representations = {name: Representation("vector", (4,)) for name in names}
        fusion: QualityAwareFusion = resolve(card)(TASK, representations, **bind_options(card, options, variant))
        for classifier in fusion.classifiers:
            assert isinstance(classifier, nn.Sequential)
            nn.init.eye_(classifier[0].weight)
            nn.init.zeros_(classifier[0].bias)
        return fusion.to(dtype)

    return make


@pytest.fixture
def step() -> Callable[..., Step]:
    """``step([3, 0], 10)``: a batch of these rows of ten."""

    def make(rows: Any, size: int | None = None) -> Step:
        rows = torch.as_tensor(rows)
        return Step(epoch=0, epochs=100, ids=rows + 1000, rows=rows, train_size=size or len(rows))

    return make
