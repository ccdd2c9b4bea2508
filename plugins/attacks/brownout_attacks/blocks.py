"""What Square changes: blocks of an input, as an image ``[B, C, H, W]`` of channels over one or two axes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TypeAlias

import numpy as np
import torch
from torch import Tensor

from brownout_registry import Noise

Sizes: TypeAlias = tuple[Tensor, Tensor]
"""A height and a width for each sample, int64 ``[B]``."""

HALVINGS = (10, 50, 200, 500, 1000, 2000, 4000, 6000, 8000)
"""Queries of 10,000 after which the blocks' share is halved (Andriushchenko et al. 2020, released code)."""
AT_ONCE = 2**16
"""Numbers drawn at a time; the stream of a sample is the same however it is cut."""


def as_image(inputs: Tensor) -> Tensor:
    """``[B, D]`` as one channel, ``[B, T, D]`` as D channels over T steps, larger ones over their last two axes.

    Returns:
        ``[B, C, H, W]``, H being 1 where there is one axis.

    Example:
        >>> [tuple(as_image(torch.ones(2, *shape)).shape) for shape in [(7,), (5, 3), (3, 8, 9), (2, 3, 8, 9)]]
        [(2, 1, 1, 7), (2, 3, 1, 5), (2, 3, 8, 9), (2, 6, 8, 9)]
    """
    if inputs.ndim == 2:
        return inputs[:, None, None]
    if inputs.ndim == 3:
        return inputs.transpose(1, 2)[:, :, None]
    return inputs.flatten(1, -3)


def as_input(image: Tensor, like: Tensor) -> Tensor:
    """The inverse of `as_image`."""
    if like.ndim == 3:
        return image[:, :, 0].transpose(1, 2)
    return image.reshape(like.shape)


def share(p: float, query: int, queries: int) -> float:
    """Share of the input that is changed at a query, halved at the same parts of the way whatever its length.

    Example:
        >>> [share(0.8, query, 1000) for query in (0, 1, 6, 999)]
        [0.8, 0.8, 0.2, 0.0015625]
    """
    return p * 0.5 ** sum(query * 10_000 > after * queries for after in HALVINGS)


def room(inputs: Tensor, lengths: Tensor | None) -> Sizes:
    """The part of each sample that blocks may lie in, of `as_image`.

    Args:
        inputs: ``[B, ...]``.
        lengths: int64 ``[B]``, how many steps along dimension 1 are real; None: all.

    Example:
        >>> room(torch.ones(2, 9), torch.tensor([9, 4]))
        (tensor([1, 1]), tensor([9, 4]))
    """
    height, width = (torch.full((len(inputs),), size, device=inputs.device) for size in as_image(inputs).shape[2:])
    return height, width if lengths is None or inputs.ndim > 3 else lengths.to(width)


def edges(of: Sizes) -> Tensor:
    """Side of the largest square within these sizes, or the length of the one axis there is, int64 ``[B]``."""
    height, width = of
    return torch.where(height == 1, width, torch.minimum(height, width))


def side(p: float, within: Sizes, smallest: int = 1) -> Sizes:
    """Height and width of a block that covers a share p of each sample: a square, or a stretch of the one axis.

    Args:
        p: the share.
        within: the room that each sample has; no side is longer.
        smallest: of the sides; from 3 on they are odd, so that a bump has a middle.

    Example:
        >>> one, many = torch.tensor([1, 1]), torch.tensor([50, 20])
        >>> side(0.1, (many, many)), side(0.1, (one, many))
        ((tensor([16,  6]), tensor([16,  6])), (tensor([1, 1]), tensor([5, 2])))
        >>> side(0.1, (one, many), smallest=3)
        (tensor([1, 1]), tensor([5, 3]))
    """
    height, width = within
    area = p * (height * width).double()
    edge = torch.where(height == 1, area, area.sqrt()).round().long().clamp_min(smallest)
    if smallest >= 3:
        edge = edge + (edge + 1) % 2
    edge = torch.minimum(edge, edges(within))
    return torch.minimum(height, edge), edge


def windows(corners: Tensor, size: Sizes, within: Sizes, image: Tensor) -> Tensor:
    """Where the blocks are.

    Args:
        corners: ``[B, 2]`` in [0, 1), of each sample's block, as a share of the places where it fits.
        size: of each sample's block.
        within: the room that it has.
        image: ``[B, C, H, W]``.

    Returns:
        bool ``[B, 1, H, W]``.

    Example:
        >>> one, two, four = torch.tensor([1]), torch.tensor([2]), torch.tensor([4])
        >>> windows(torch.tensor([[0.0, 0.9]]), (one, two), (one, four), torch.zeros(1, 1, 1, 5))[0, 0]
        tensor([[False, False,  True,  True, False]])
    """
    y, x = offsets(corners, size, within, image)
    down, across = ((each >= 0) & (each < along[:, None]) for each, along in zip((y, x), size, strict=True))
    return down[:, None, :, None] & across[:, None, None]


def offsets(corners: Tensor, size: Sizes, within: Sizes, image: Tensor) -> tuple[Tensor, Tensor]:
    """How far each row and column is from a block's corner, int64 ``[B, H]`` and ``[B, W]``."""
    steps = [torch.arange(length, device=image.device) for length in image.shape[2:]]
    firsts = [(corners[:, i] * (within[i] - size[i] + 1)).long() for i in (0, 1)]
    return steps[0] - firsts[0][:, None], steps[1] - firsts[1][:, None]


def draws(noise: Noise, label: str, width: int, like: Tensor) -> Iterator[Tensor]:
    """Without end float64 ``[B, width]``, uniform in [0, 1), each sample's from its own generator."""
    generators = list(noise.generators(label))
    at_once = max(1, AT_ONCE // max(1, width * len(generators)))
    while True:
        yield from uniforms(generators, (at_once, width), like).unbind(1)


def uniforms(generators: Sequence[np.random.Generator], shape: tuple[int, ...], like: Tensor) -> Tensor:
    """float64 ``[B, *shape]``, uniform in [0, 1), on the device of a tensor."""
    drawn = np.stack([each.random(shape) for each in generators])
    return torch.from_numpy(drawn).to(like.device)
