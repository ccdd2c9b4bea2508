"""DMRNet on representations of any kind."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pytest
import torch
from torch import Tensor

from brownout_dmrnet.fusion import DMRNet
from brownout_dmrnet.plugin import brownout_fusions
from brownout_registry import Representation, Step, Task, bind_options, resolve

SHAPES = {"vector": (5,), "map": (3, 2, 4), "sequence": (6, 2)}


@pytest.fixture
def build() -> Callable[..., DMRNet]:
    """``build({"a": "vector", "b": "map"}, variant=None, **options)``: the fusion as the engine builds it."""

    def make(kinds: Mapping[str, Any], variant: str | None = None, classes: int = 3, **options: Any) -> DMRNet:
        torch.manual_seed(0)
        task = Task(tuple(map(str, range(classes))), (1 / classes,) * classes)
        shapes = {
            name: Representation(kind, SHAPES[kind]) if isinstance(kind, str) else kind for name, kind in kinds.items()
        }
        card = brownout_fusions()[0]
        fusion: DMRNet = resolve(card)(task, shapes, **bind_options(card, options, variant))
        return fusion

    return make


@pytest.fixture
def batch() -> Callable[..., tuple[dict[str, Tensor], Tensor, Tensor]]:
    """``batch(fusion, size)``: sources, every missing pattern in turn (the empty one too), and targets."""

    def make(fusion: DMRNet, size: int = 16, seed: int = 0) -> tuple[dict[str, Tensor], Tensor, Tensor]:
        random = torch.Generator().manual_seed(seed)
        shapes = fusion.representations
        sources = {name: torch.randn(size, *each.shape, generator=random) for name, each in shapes.items()}
        powers = 2 ** torch.arange(len(shapes))
        present = (torch.arange(size)[:, None] // powers % 2).bool()
        return sources, present, torch.arange(size) % len(fusion.task.classes)

    return make


@pytest.fixture
def step() -> Callable[..., Step]:
    """``step(epoch)``: where training stands."""

    def make(epoch: int = 0, size: int = 16) -> Step:
        return Step(epoch, 10, torch.arange(size), torch.arange(size), size)

    return make
