"""The shape of Square's blocks in the L2 ball."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

from brownout_attacks.blocks import Sizes


def bump(height: int, width: int) -> Tensor:
    """One block of `bumps`, of length 1, float64 ``[height, width]``.

    Example:
        >>> bump(1, 6) / bump(1, 6).max()
        tensor([[ 0.2000,  1.0000,  0.2000, -0.2000, -1.0000, -0.2000]], dtype=torch.float64)
    """
    size = torch.tensor([height]), torch.tensor([width])
    block = bumps(torch.arange(height)[None, :, None], torch.arange(width)[None, None], size)[0]
    length: Tensor = torch.linalg.vector_norm(block)
    return block / length


def bumps(y: Tensor, x: Tensor, size: Sizes) -> Tensor:
    r"""Blocks with a positive and a negative half, each highest in its middle (section 4.3, eq. 2).

    .. math::
        \eta^{(h, w)}_{r,s} = \sum_{k=0}^{M(r,s)} \frac{1}{(n + 1 - k)^2},
        \quad M(r,s) = n - \max(|r - \lfloor h/2 \rfloor|, |s - \lfloor w/2 \rfloor|)

    with rows r and columns s from 0 and n half of the longer side; a block is :math:`\eta` on its left,
    :math:`-\eta` on its right. With one axis the halves are stretches.

    Args:
        y: int64 ``[B, H, 1]`` (or broadcast to ``[B, H, W]`` with x), rows within the block of each sample.
        x: int64 ``[B, 1, W]``, columns.
        size: of each sample's block.

    Returns:
        float64 ``[B, H, W]``; what lies outside the block is of no use.
    """
    height, width = (each[:, None, None] for each in size)
    left = width // 2
    half = torch.where(x < left, left, width - left)
    column = torch.where(x < left, x, x - left)
    n = torch.maximum(height, half) // 2
    away = torch.maximum((y - height // 2).abs(), (column - half // 2).abs()).minimum(n)
    sums = _sums(int(torch.maximum(*size).max()) + 2, x.device)
    return torch.where(x < left, 1.0, -1.0) * (sums[n + 1] - sums[away])


def _sums(count: int, device: torch.device) -> Tensor:
    """The sums of the first 0, 1, ... of :math:`1 / k^2`."""
    terms = torch.arange(1, count, dtype=torch.float64, device=device) ** -2
    return functional.pad(torch.cumsum(terms, 0), (1, 0))
