"""Some of the samples, as all there is."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from torch import Tensor

from brownout_blocks import take
from brownout_registry import Attacked, Noise


def narrowed(attacked: Attacked, rows: Tensor) -> Attacked:
    """Some of the samples, int64 ``[R]``, as all there is."""

    def logits(inputs: Mapping[str, Any], more: Tensor | None = None) -> Tensor:
        result: Tensor = attacked.logits(inputs, rows if more is None else rows[more])
        return result

    return replace(
        attacked,
        inputs={name: take(x, rows) for name, x in attacked.inputs.items()},
        bounds={name: b and _bounds_of(b, attacked.inputs[name], rows) for name, b in attacked.bounds.items()},
        targets=attacked.targets[rows],
        logits=logits,
        noise={name: _Some(each, rows.tolist()) for name, each in attacked.noise.items()},
        lengths={name: None if each is None else each[rows] for name, each in attacked.lengths.items()},
    )


def _bounds_of(bounds: tuple[Tensor, Tensor], inputs: Tensor, rows: Tensor) -> tuple[Tensor, Tensor]:
    """The bounds of some rows, if they differ between rows."""
    low, high = (b[rows] if b.ndim == inputs.ndim and len(b) > 1 else b for b in bounds)
    return low, high


@dataclass(frozen=True)
class _Some:
    """The noise of some samples."""

    noise: Noise
    rows: list[int]

    def uniform(self, label: str, shape: tuple[int, ...] = ()) -> Tensor:
        return self.noise.uniform(label, shape)[self.rows]

    def normal(self, label: str, shape: tuple[int, ...] = ()) -> Tensor:
        return self.noise.normal(label, shape)[self.rows]

    def generators(self, label: str) -> Iterator[np.random.Generator]:
        every = list(self.noise.generators(label))
        return (every[row] for row in self.rows)
