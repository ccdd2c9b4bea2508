"""The two patterns of Square: flat blocks for the L-infinity ball, bumps for the L2 ball."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from brownout_attacks.blocks import Sizes, as_image, as_input, edges, offsets, uniforms, windows
from brownout_attacks.bumps import bumps
from brownout_blocks import lengths

TINY = 1e-6
ROUNDING = 1e-5
"""What is left of a squared budget, as a share of it, and may come from rounding alone; its root would be no trifle."""


@dataclass(frozen=True)
class Pattern:
    """How a search begins and goes on.

    Attributes:
        start: ``start(clean, budget, generators, within)``: where it begins, in the input's shape; ``within`` is the
            room that each sample has.
        change: ``change(clean, moved, budget, drawn, size, within)``: images ``[B, C, H, W]`` with another block of
            that size, from draws ``[B, 5 + C]``.
        smallest: side of a block, see `brownout_attacks.blocks.side`.
    """

    start: Callable[[Tensor, float, Sequence[np.random.Generator], Sizes], Tensor]
    change: Callable[[Tensor, Tensor, float, Tensor, Sizes, Sizes], Tensor]
    smallest: int


def _stripes(clean: Tensor, budget: float, generators: Sequence[np.random.Generator], within: Sizes) -> Tensor:
    """Columns of plus or minus the budget, in each channel."""
    image = as_image(clean)
    drawn = uniforms(generators, (image.shape[3], image.shape[1]), clean)  # column by column, whatever the padding
    return as_input(image + budget * _signs(drawn.mT[:, :, None], image), clean)


def _flat(clean: Tensor, moved: Tensor, budget: float, drawn: Tensor, size: Sizes, within: Sizes) -> Tensor:
    """A block of plus or minus the budget in each channel (algorithm 2)."""
    signs = _signs(drawn[:, 5:, None, None], moved)
    return torch.where(windows(drawn[:, :2], size, within, moved), clean + budget * signs, moved)


def _grid(clean: Tensor, budget: float, generators: Sequence[np.random.Generator], within: Sizes) -> Tensor:
    """Bumps side by side, five along each axis, with random signs; their length together is the budget."""
    image = as_image(clean)
    edge = (edges(within) // 5).clamp_min(1)
    tile = torch.minimum(edge, within[0]), edge
    y, x = (torch.arange(length, device=clean.device)[None] for length in image.shape[2:])
    down, across = y // tile[0][:, None], x // tile[1][:, None]
    shape = bumps((y % tile[0][:, None])[:, :, None], (x % tile[1][:, None])[:, None], tile)[:, None].to(image)
    drawn = uniforms(generators, (int(across.max()) + 1, int(down.max()) + 1, image.shape[1]), clean)
    rows = torch.arange(len(clean), device=clean.device)[:, None, None]
    signs = _signs(drawn[rows, across[:, None], down[:, :, None]].permute(0, 3, 1, 2), image)
    delta = signs * shape * (x < within[1][:, None])[:, None, None]
    return as_input(image + budget * _unit(delta, lengths(delta)), clean)


def _swap(clean: Tensor, moved: Tensor, budget: float, drawn: Tensor, size: Sizes, within: Sizes) -> Tensor:
    """One block is emptied, and its length goes into another, along a bump (algorithm 3)."""
    delta = moved - clean
    here, there = (windows(drawn[:, i : i + 2], size, within, moved) for i in (0, 2))
    left = budget**2 - lengths(delta).square()
    unused = torch.where(left > ROUNDING * budget**2, left, 0.0) / moved.shape[1]
    available = (_lengths(delta * (here | there)).square() + unused).sqrt()
    old = delta * here
    bump = _placed(drawn, size, within, moved) * here
    shape = _signs(drawn[:, 5:, None, None], moved) * _unit(bump, _lengths(bump))
    target = shape + _unit(old, _lengths(old))
    target = torch.where(_lengths(target) > TINY, target, shape)  # where they cancel out
    filled = _unit(target, _lengths(target)) * available
    return clean + torch.where(here, filled, torch.where(there, 0.0, delta))


FLAT = Pattern(_stripes, _flat, smallest=1)
BUMPS = Pattern(_grid, _swap, smallest=3)


def _placed(drawn: Tensor, size: Sizes, within: Sizes, image: Tensor) -> Tensor:
    """The bump at each sample's first block, turned for half of them, ``[B, 1, H, W]``; around it is anything."""
    y, x = offsets(drawn[:, :2], size, within, image)
    rows, columns = y[:, :, None], x[:, None]
    if image.shape[2] > 1:
        turned = (drawn[:, 4] < 0.5)[:, None, None]
        rows, columns = torch.where(turned, columns, rows), torch.where(turned, rows, columns)
    return bumps(rows, columns, size)[:, None].to(image)


def _signs(drawn: Tensor, like: Tensor) -> Tensor:
    return torch.where(drawn < 0.5, -1.0, 1.0).to(like)


def _lengths(image: Tensor) -> Tensor:
    """Of each channel, ``[B, C, 1, 1]``."""
    found: Tensor = torch.linalg.vector_norm(image, dim=(2, 3), keepdim=True)
    return found


def _unit(values: Tensor, length: Tensor) -> Tensor:
    return values / length.clamp_min(torch.finfo(values.dtype).tiny)
