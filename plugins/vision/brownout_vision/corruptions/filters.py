"""Borders, filters and sampling, all elementwise."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
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
    return torch.minimum(index, last - index)


def padded(x: Tensor, dim: int, pad: int, border: Border) -> Tensor:
    """``pad`` more places at both ends of an axis."""
    return selected(x, dim, _wider(x.shape[dim], pad, border, x.device))


def selected(x: Tensor, dim: int, index: Tensor) -> Tensor:
    """Places along an axis; along the last one a matrix is several times faster than the same in four dimensions."""
    if dim != -1:
        return x.index_select(dim, index)
    return x.flatten(0, -2).index_select(1, index).reshape(*x.shape[:-1], len(index))


def correlated(x: Tensor, taps: Sequence[float], dim: int, border: Border) -> Tensor:
    """Correlation along one axis with a symmetric filter: ``taps`` from its centre outwards."""
    return within(padded(x, dim, len(taps) - 1, border), taps, dim)


def within(wide: Tensor, taps: Sequence[float], dim: int) -> Tensor:
    """The same where the whole filter lies inside: shorter by its radius at both ends."""
    radius = len(taps) - 1
    size = wide.shape[dim] - 2 * radius
    total = wide.narrow(dim, radius, size) * taps[0]
    for k, tap in enumerate(taps[1:], 1):
        total += (wide.narrow(dim, radius - k, size) + wide.narrow(dim, radius + k, size)).mul_(tap)
    return total


@lru_cache(maxsize=256)
@torch.inference_mode(False)
def _wider(size: int, pad: int, border: Border, device: torch.device) -> Tensor:
    return inside(torch.arange(-pad, size + pad), size, border).to(device)


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
        low, high, share = _between(x.shape[dim], factor, trim, x.dtype, x.device)
        share = share.unsqueeze(-1) if dim == -2 else share
        x = selected(x, dim, low).mul_(1 - share).add_(selected(x, dim, high).mul_(share))
    return x


@lru_cache(maxsize=256)
@torch.inference_mode(False)
def _between(
    size: int, factor: float, trim: bool, dtype: torch.dtype, device: torch.device
) -> tuple[Tensor, Tensor, Tensor]:
    """The places before and after each place of an enlarged axis, and the later one's share."""
    crop = ceil(size / factor)
    start, out = (size - crop) // 2, round(crop * factor)
    places = torch.arange(min(size, out) if trim else out, dtype=torch.float64) * ((crop - 1) / max(1, out - 1))
    low = places.floor().clamp(max=crop - 1)
    high = (low + 1).clamp(max=crop - 1)
    return (start + low).long().to(device), (start + high).long().to(device), (places - low).to(device, dtype)


def sampled(x: Tensor, rows: Tensor, columns: Tensor, border: Border) -> Tensor:
    """Bilinear samples of ``[B, C, H, W]`` at ``[B, H, W]`` places, in pixels."""
    height, width = x.shape[-2:]
    top, left = rows.floor(), columns.floor()
    down, right = (rows - top)[:, None], (columns - left)[:, None]
    r = [inside(top + step, height, border).long().mul_(width) for step in (0, 1)]
    c = [inside(left + step, width, border).long() for step in (0, 1)]
    upper, lower = (taken(x, row + c[0]).mul_(1 - right).add_(taken(x, row + c[1]).mul_(right)) for row in r)
    return upper.mul_(1 - down).add_(lower.mul_(down))


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
