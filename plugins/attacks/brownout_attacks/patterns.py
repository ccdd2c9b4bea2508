"""The two patterns of Square: flat blocks for the L-infinity ball, bumps for the L2 ball."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from brownout_attacks.blocks import as_image, as_input, offsets, uniforms, windows
from brownout_blocks import lengths

TINY = 1e-6


@dataclass(frozen=True)
class Pattern:
    """How a search begins and goes on.

    Attributes:
        start: ``start(clean, budget, generators)``: where it begins, in the input's shape.
        change: ``change(clean, moved, budget, drawn, size)``: images ``[B, C, H, W]`` with another block of that size,
            from draws ``[B, 5 + C]``.
    """

    start: Callable[[Tensor, float, Sequence[np.random.Generator]], Tensor]
    change: Callable[[Tensor, Tensor, float, Tensor, tuple[int, int]], Tensor]


def _stripes(clean: Tensor, budget: float, generators: Sequence[np.random.Generator]) -> Tensor:
    """Columns of plus or minus the budget, in each channel."""
    image = as_image(clean)
    signs = _signs(uniforms(generators, (image.shape[1], 1, image.shape[3]), clean), image)
    return as_input(image + budget * signs, clean)


def _flat(clean: Tensor, moved: Tensor, budget: float, drawn: Tensor, size: tuple[int, int]) -> Tensor:
    """A block of plus or minus the budget in each channel (algorithm 2)."""
    signs = _signs(drawn[:, 5:, None, None], moved)
    return torch.where(windows(drawn[:, :2], size, moved), clean + budget * signs, moved)


def _grid(clean: Tensor, budget: float, generators: Sequence[np.random.Generator]) -> Tensor:
    """Bumps side by side, five along each axis, with random signs; their length together is the budget."""
    image = as_image(clean)
    height, width = image.shape[2:]
    edge = max(1, (min(height, width) if height > 1 else width) // 5)
    tile = (min(edge, height), edge)
    rows, columns = torch.arange(height, device=clean.device), torch.arange(width, device=clean.device)
    bumps = bump(*tile).to(image)[rows % tile[0]][:, columns % tile[1]]
    counts = (image.shape[1], -(-height // tile[0]), -(-width // tile[1]))
    signs = _signs(uniforms(generators, counts, clean), image)[:, :, rows // tile[0]][..., columns // tile[1]]
    return as_input(image + budget * _unit(bumps * signs, lengths(bumps * signs)), clean)


def _swap(clean: Tensor, moved: Tensor, budget: float, drawn: Tensor, size: tuple[int, int]) -> Tensor:
    """One block is emptied, and its length goes into another, along a bump (algorithm 3)."""
    delta = moved - clean
    here, there = windows(drawn[:, :2], size, moved), windows(drawn[:, 2:4], size, moved)
    unused = (budget**2 - lengths(delta).square()).clamp_min(0) / moved.shape[1]
    available = (_lengths(delta * (here | there)).square() + unused).sqrt()
    old = delta * here
    shape = _signs(drawn[:, 5:, None, None], moved) * _placed(drawn, size, moved) * here
    target = shape + _unit(old, _lengths(old))
    target = torch.where(_lengths(target) > TINY, target, shape)  # in a block of one entry they may cancel out
    filled = _unit(target, _lengths(target)) * available
    return clean + torch.where(here, filled, torch.where(there, 0.0, delta))


FLAT = Pattern(_stripes, _flat)
BUMPS = Pattern(_grid, _swap)


def bump(height: int, width: int) -> Tensor:
    r"""A block with a positive and a negative half, each highest in its middle, of length 1 (section 4.3, eq. 2).

    :math:`\eta^{(h, w)}_{r,s} = \sum_{k=0}^{M(r,s)} 1 / (n + 1 - k)^2` with n half of the longer side and M falling
    from n by one for each step away from the middle; a block is :math:`\eta` on its left, :math:`-\eta` on its right.
    With one axis the halves are stretches.

    Example:
        >>> bump(1, 6) / bump(1, 6).max()
        tensor([[ 0.2000,  1.0000,  0.2000, -0.2000, -1.0000, -0.2000]], dtype=torch.float64)
    """
    left = width // 2
    both = torch.cat([_half(height, left), -_half(height, width - left)], 1)
    length: Tensor = torch.linalg.vector_norm(both)
    return both / length


def _half(height: int, width: int) -> Tensor:
    n = max(height, width) // 2
    rows, columns = (torch.arange(1, size + 1) - size // 2 - 1 for size in (height, width))
    away = torch.maximum(rows.abs()[:, None], columns.abs())
    values = torch.cumsum(1.0 / torch.arange(n + 1, 0, -1, dtype=torch.float64) ** 2, 0)
    return values[(n - away).clamp_min(0)]


def _placed(drawn: Tensor, size: tuple[int, int], image: Tensor) -> Tensor:
    """The bump at each sample's first block, turned for half of them, ``[B, 1, H, W]``; what is around is not zero."""
    y, x = offsets(drawn[:, :2], size, image)
    y, x = y.clamp(0, size[0] - 1)[:, :, None], x.clamp(0, size[1] - 1)[:, None]
    upright = bump(*size).to(image)
    if size[0] != size[1]:
        return upright[y, x][:, None]
    turned = (drawn[:, 4] < 0.5)[:, None, None]
    return torch.where(turned, upright.T[y, x], upright[y, x])[:, None]


def _signs(drawn: Tensor, like: Tensor) -> Tensor:
    return torch.where(drawn < 0.5, -1.0, 1.0).to(like)


def _lengths(image: Tensor) -> Tensor:
    """Of each channel, ``[B, C, 1, 1]``."""
    found: Tensor = torch.linalg.vector_norm(image, dim=(2, 3), keepdim=True)
    return found


def _unit(values: Tensor, length: Tensor) -> Tensor:
    return values / length.clamp_min(torch.finfo(values.dtype).tiny)
