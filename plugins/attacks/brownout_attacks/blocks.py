"""What Square changes: blocks of an input, as an image ``[B, C, H, W]`` of channels over one or two axes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import torch
from torch import Tensor

from brownout_registry import Noise

HALVINGS = (10, 50, 200, 1000, 2000, 4000, 6000, 8000)
"""Queries of 10,000 at which the blocks' share of the input is halved (Andriushchenko et al. 2020, section 4)."""
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
        >>> [share(0.8, query, 1000) for query in (0, 1, 5, 999)]
        [0.8, 0.4, 0.2, 0.003125]
    """
    return p * 0.5 ** sum(query * 10_000 >= at * queries for at in HALVINGS)


def side(p: float, height: int, width: int) -> tuple[int, int]:
    """Height and width of a block that covers a share p: a square, or a stretch of the one axis there is.

    Example:
        >>> side(0.1, 32, 32), side(0.1, 1, 50), side(0.0001, 32, 32)
        ((10, 10), (1, 5), (1, 1))
    """
    if height == 1:
        return 1, max(1, round(p * width))
    edge = min(max(1, round((p * height * width) ** 0.5)), height, width)
    return edge, edge


def windows(corners: Tensor, size: tuple[int, int], image: Tensor) -> Tensor:
    """Where the blocks are.

    Args:
        corners: ``[B, 2]`` in [0, 1), of each sample's block, as a share of the places where it fits.
        size: height and width of the blocks.
        image: ``[B, C, H, W]``.

    Returns:
        bool ``[B, 1, H, W]``.

    Example:
        >>> windows(torch.tensor([[0.0, 0.9]]), (1, 2), torch.zeros(1, 1, 1, 4))[0, 0]
        tensor([[False, False,  True,  True]])
    """
    y, x = offsets(corners, size, image)
    return ((y >= 0) & (y < size[0]))[:, None, :, None] & ((x >= 0) & (x < size[1]))[:, None, None]


def offsets(corners: Tensor, size: tuple[int, int], image: Tensor) -> tuple[Tensor, Tensor]:
    """How far each row and column is from a block's corner, int64 ``[B, H]`` and ``[B, W]``."""
    height, width = image.shape[2:]
    top = (corners[:, :1] * (height - size[0] + 1)).long()
    left = (corners[:, 1:] * (width - size[1] + 1)).long()
    return torch.arange(height, device=image.device) - top, torch.arange(width, device=image.device) - left


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
