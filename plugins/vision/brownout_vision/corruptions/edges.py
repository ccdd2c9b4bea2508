"""Canny edges and chamfer distances, as spatter needs them: whole numbers throughout."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn.functional import pad

from brownout_vision.corruptions.filters import padded

WEAK, STRONG = 50, 150
TAN = 13573
UNIT, DIAGONAL, KNIGHT = 65536, 91750, 143976


def canny(x: Tensor) -> Tensor:
    """Edges of ``[B, 1, H, W]`` of whole numbers: bool of the same shape.

    3×3 Sobel with the border repeated, ``|gx| + |gy|``, thinned in four sectors (the tangent of 22.5° is 13573/2^15),
    strong above 150, and weak above 50 where they hang together with a strong one.
    """
    gx, gy = _sobel(x.to(torch.int32))
    size = gx.abs() + gy.abs()
    weak = _thinned(gx, gy, size) & (size > WEAK)
    edges = weak & (size > STRONG)
    while not torch.equal(edges, grown := _grown(edges) & weak):
        edges = grown
    return edges


def distance(edges: Tensor, farthest: int) -> Tensor:
    """Chamfer distance (5×5: 1, 1.4, 2.1969) of ``[B, 1, H, W]`` to the nearest edge, capped; float32.

    A step to the side never brings a pixel nearer, so of each row only its nearest edge counts.
    """
    height = edges.shape[-2]
    across = _across(edges, farthest)
    best = torch.full_like(across, farthest * UNIT, dtype=torch.int32)
    for down in range(min(farthest, height)):
        costs = [min(_cost(down, right), farthest * UNIT) for right in range(farthest)]
        table = torch.tensor([*costs, farthest * UNIT], dtype=torch.int32, device=edges.device)
        far = table.index_select(0, across.flatten()).reshape(across.shape)
        upper, lower = best[..., down:, :], best[..., : height - down, :]
        upper.copy_(torch.minimum(upper, far[..., : height - down, :]))
        lower.copy_(torch.minimum(lower, far[..., down:, :]))
    return best.to(torch.float32) / UNIT


def _across(edges: Tensor, farthest: int) -> Tensor:
    """Steps to the nearest edge in the same row, capped."""
    place = torch.arange(edges.shape[-1], device=edges.device)
    left = place - torch.where(edges, place, -farthest).cummax(-1).values
    mirrored = torch.where(edges.flip(-1), place, -farthest).cummax(-1).values
    right = (place - mirrored).flip(-1)
    return torch.minimum(left, right).clamp(max=farthest)


def _cost(down: int, right: int) -> int:
    """The cheapest path: straight, diagonal and knight's steps."""
    most, least = max(down, right), min(down, right)
    knight, diagonal = min(least, most - least), max(0, 2 * least - most)
    return knight * KNIGHT + diagonal * DIAGONAL + (most - 2 * knight - diagonal) * UNIT


def _sobel(x: Tensor) -> tuple[Tensor, Tensor]:
    height, width = x.shape[-2:]
    wide = padded(padded(x, -1, 1, "replicate"), -2, 1, "replicate")
    up, here, down = (wide[..., k : k + height, :] for k in range(3))
    smooth, change = up + 2 * here + down, down - up
    gx = smooth[..., 2:] - smooth[..., :width]
    return gx, change[..., :width] + 2 * change[..., 1 : width + 1] + change[..., 2:]


def _thinned(gx: Tensor, gy: Tensor, size: Tensor) -> Tensor:
    """True where the gradient is largest along its own direction."""
    height, width = size.shape[-2:]
    wide = pad(size, (1, 1, 1, 1))

    def at(dy: int, dx: int) -> Tensor:
        return wide[..., 1 + dy : 1 + dy + height, 1 + dx : 1 + dx + width]

    x, y = gx.abs() * TAN, gy.abs() * 2**15
    flat, steep = y < x, y > x + gx.abs() * 2**16
    falls = (gx < 0) ^ (gy < 0)
    across = (size > at(0, -1)) & (size >= at(0, 1))
    along = (size > at(-1, 0)) & (size >= at(1, 0))
    diagonal = (size > at(-1, -1)) & (size > at(1, 1))
    other = (size > at(-1, 1)) & (size > at(1, -1))
    return torch.where(flat, across, torch.where(steep, along, torch.where(falls, other, diagonal)))


def _grown(edges: Tensor) -> Tensor:
    """Each True and its eight neighbours."""
    for dim in (-1, -2):
        first = edges.narrow(dim, 1, edges.shape[dim] - 1)
        last = edges.narrow(dim, 0, edges.shape[dim] - 1)
        zero = torch.zeros_like(edges.narrow(dim, 0, 1))
        edges = edges | torch.cat([first, zero], dim) | torch.cat([zero, last], dim)
    return edges
