"""Borders, filters and sampling, all elementwise."""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil, exp
from typing import Literal

import torch
from torch import Tensor

Border = Literal["replicate", "reflect", "symmetric"]


def inside(index: Tensor, size: int, border: Border) -> Tensor:
    """Whole numbers as places within [0, size).

    ``reflect`` mirrors without repeating the border, ``symmetric`` repeats it.

    Example:
        >>> place = torch.arange(-2, 5)
        >>> [inside(place, 3, border).tolist() for border in ("replicate", "reflect", "symmetric")]
        [[0, 0, 0, 1, 2, 2, 2], [2, 1, 0, 1, 2, 1, 0], [1, 0, 0, 1, 2, 2, 1]]
    """
    if border == "replicate":
        return index.clamp(0, size - 1)
    period, last = (2 * size - 2, 2 * size - 2) if border == "reflect" else (2 * size, 2 * size - 1)
    index = index.remainder(period)
    return torch.where(index < size, index, last - index)


def padded(x: Tensor, dim: int, pad: int, border: Border) -> Tensor:
    """``pad`` more places at both ends of an axis."""
    size = x.shape[dim]
    return x.index_select(dim, inside(torch.arange(-pad, size + pad, device=x.device), size, border))


def correlated(x: Tensor, taps: Sequence[float], dim: int, border: Border) -> Tensor:
    """Correlation along one axis with a symmetric filter: ``taps`` from its centre outwards."""
    size, radius = x.shape[dim], len(taps) - 1
    wide = padded(x, dim, radius, border)
    total = wide.narrow(dim, radius, size) * taps[0]
    for k, tap in enumerate(taps[1:], 1):
        total += (wide.narrow(dim, radius - k, size) + wide.narrow(dim, radius + k, size)).mul_(tap)
    return total


def gaussian_taps(sigma: float, radius: int) -> list[float]:
    """exp(-t²/2σ²) at 0, 1, ..., radius, such that the symmetric filter sums to 1.

    Example:
        >>> [round(tap, 4) for tap in gaussian_taps(1.0, 2)]
        [0.4026, 0.2442, 0.0545]
    """
    weights = [exp(-t * t / (2 * sigma * sigma)) if sigma else float(t == 0) for t in range(radius + 1)]
    total = 2 * sum(weights) - weights[0]
    return [weight / total for weight in weights]


def gaussian(
    x: Tensor, sigma: float | tuple[float, float], truncate: float = 4, border: Border = "replicate"
) -> Tensor:
    """Gaussian filter of the last two axes, cut off at ``int(truncate sigma + 1/2)``."""
    for dim, each in zip((-2, -1), sigma if isinstance(sigma, tuple) else (sigma, sigma), strict=True):
        radius = int(truncate * each + 0.5)
        x = correlated(x, gaussian_taps(each, radius), dim, border) if radius else x
    return x


def zoomed(x: Tensor, factor: float, *, trim: bool) -> Tensor:
    """Centre of the last two axes, enlarged by a factor, linearly and with corners aligned.

    The crop has ``ceil(n / factor)`` places and becomes ``round(crop factor)``, of which ``trim`` keeps the first n.
    """
    for dim in (-2, -1):
        size = x.shape[dim]
        crop = ceil(size / factor)
        start, out = (size - crop) // 2, round(crop * factor)
        places = torch.arange(min(size, out) if trim else out, dtype=torch.float64) * ((crop - 1) / max(1, out - 1))
        low = places.floor().clamp(max=crop - 1)
        share = (places - low).to(x).unsqueeze(-1 if dim == -2 else 0)
        low = low.long().to(x.device)
        ends = x.index_select(dim, start + low), x.index_select(dim, start + (low + 1).clamp(max=crop - 1))
        x = ends[0] * (1 - share) + ends[1] * share
    return x


def sampled(x: Tensor, rows: Tensor, columns: Tensor, border: Border) -> Tensor:
    """Bilinear samples of ``[B, C, H, W]`` at ``[B, H, W]`` places, in pixels."""
    height, width = x.shape[-2:]
    top, left = rows.floor(), columns.floor()
    down, right = (rows - top)[:, None], (columns - left)[:, None]
    r = [inside(top.long() + step, height, border) * width for step in (0, 1)]
    c = [inside(left.long() + step, width, border) for step in (0, 1)]
    upper = taken(x, r[0] + c[0]) * (1 - right) + taken(x, r[0] + c[1]) * right
    lower = taken(x, r[1] + c[0]) * (1 - right) + taken(x, r[1] + c[1]) * right
    return upper * (1 - down) + lower * down


def taken(x: Tensor, places: Tensor) -> Tensor:
    """The pixels of ``[B, C, H, W]`` at ``[B, H, W]`` positions in raster order, the same for all channels."""
    flat = places.flatten(1)[:, None].expand(-1, x.shape[1], -1)
    return x.flatten(2).gather(2, flat).reshape(*x.shape[:2], *places.shape[1:])


def mean(x: Tensor) -> Tensor:
    """Mean of the last two axes, kept with size 1: a sum by folding in half, in the same order in any batch."""
    rows = x.flatten(-2)
    count = rows.shape[-1]
    while rows.shape[-1] > 1:
        half = rows.shape[-1] // 2
        folded = rows[..., :half] + rows[..., half : 2 * half]
        rows = torch.cat([folded, rows[..., 2 * half :]], -1)
    return (rows / count).unsqueeze(-1)
