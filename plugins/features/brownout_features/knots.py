"""Equidistant knots over a sample's own length."""

from __future__ import annotations

from torch import Tensor

from brownout_features.series import Series


def between(series: Series, knots: int) -> tuple[Tensor, Tensor]:
    """Of each step the knot before it (int64 ``[B, T]``) and the way to the next one (float64 in [0, 1]), on the CPU.

    The first of at least two knots is at the sample's first step, the last at its last; a lone step is at the first.

    Example:
        >>> import torch
        >>> between(Series(torch.zeros(1, 5, 1), torch.tensor([5])), 3)
        (tensor([[0, 0, 1, 1, 1]]), tensor([[0.0000, 0.5000, 0.0000, 0.5000, 1.0000]], dtype=torch.float64))
    """
    last = (series.lengths - 1).clamp(min=1)[:, None]
    place = (series.steps.double() * (knots - 1) / last).clamp(max=knots - 1)
    knot = place.floor().clamp(max=knots - 2)
    return knot.long(), place - knot
