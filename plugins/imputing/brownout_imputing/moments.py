"""Mean and variance over whatever is present."""

from __future__ import annotations

from typing import Literal, TypeAlias

import torch
from torch import Tensor

Variance: TypeAlias = Literal["available", "all-slots"]
"""Over which modalities the variance is summed, see `moments`."""


def moments(values: Tensor, present: Tensor, variance: Variance = "available") -> tuple[Tensor, Tensor]:
    r"""Mean and variance of the n modalities that are present, elementwise.

    $$ \bar x = \frac{1}{n} \sum_{m\,present} x_m, \qquad v = \frac{1}{n} \sum_m (x_m - \bar x)^2 $$

    ``available`` sums the variance over what is present: the population moments of U-HeMIS. ``all-slots`` sums it
    over all modalities, with x = 0 where absent, and takes v = 0 for n = 1: what the code of MMANet runs as HeMIS
    (there "SURF_MV"); of three modalities with n = 2 that adds $\bar x^2 / 2$. Without any modality both are zero.

    Args:
        values: ``[B, V, ...]``.
        present: bool ``[B, V]``.
        variance: over what.

    Returns:
        Mean and variance, each ``[B, ...]``.

    Example:
        >>> values = torch.tensor([[1.0, 3.0, torch.nan]])
        >>> moments(values, torch.tensor([[True, True, False]]))
        (tensor([2.]), tensor([1.]))
        >>> moments(values, torch.tensor([[True, True, False]]), "all-slots")
        (tensor([2.]), tensor([3.]))
    """
    there = present.reshape(*present.shape, *[1] * (values.ndim - 2))
    n = there.sum(dim=1)
    kept = torch.where(there, values, 0.0)
    mean = kept.sum(dim=1) / n.clamp_min(1)
    deviations = (kept - mean[:, None]).square()
    counted = n[:, None] > 1 if variance == "all-slots" else there
    return mean, torch.where(counted, deviations, 0.0).sum(dim=1) / n.clamp_min(1)
