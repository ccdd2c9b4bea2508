"""Which steps of an axis a share of it takes away, in chunks."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import torch
from torch import Tensor

from brownout_registry import Noise


def chunk_mask(lengths: Sequence[int], steps: int, share: float, chunk: float, shortest: int, noise: Noise) -> Tensor:
    """Bool ``[B, steps]`` on the CPU: True at ``round(share · length)`` steps of each sample, but one at least.

    The axis is cut, from a random place on and around its end, into as many equal slots as chunks fit; these are taken
    away whole, in a random order, until the share is met. Both draws are the same at every severity, so a larger
    share takes what a smaller one takes.

    Args:
        lengths: steps of each sample.
        steps: of the longest.
        share: of a sample's own length.
        chunk: length of a chunk as a share of the sample's length.
        shortest: number of steps that a chunk has at least.
        noise: of the samples.

    Example:
        >>> class Half:
        ...     def uniform(self, label, shape=()):
        ...         return torch.full((1, *shape), 0.5)
        >>> chunk_mask([6], 8, 0.5, 0.2, 1, Half()).int()
        tensor([[0, 0, 0, 1, 1, 1, 0, 0]], dtype=torch.int32)
    """
    order = noise.uniform("order", (max(1, int(1 / chunk)),)).cpu()
    start = noise.uniform("start").cpu().double()
    mask = torch.zeros(len(lengths), steps, dtype=torch.bool)
    for row, length in enumerate(lengths):
        left = min(length, max(round(share * length), 1 if share > 0 else 0))
        slots = max(1, int(length / max(1, chunk * length, shortest)))
        taken = torch.zeros(length, dtype=torch.bool)
        for first, end in _runs(order[row, :slots].argsort(stable=True).tolist(), length, left):
            taken[first:end] = True
        mask[row, :length] = taken.roll(int(start[row] * length))
    return mask


def _runs(order: Sequence[int], length: int, left: int) -> Iterator[tuple[int, int]]:
    """The first ``left`` steps of equal slots taken in this order, as runs (first, end)."""
    for slot in order:
        first, end = slot * length // len(order), (slot + 1) * length // len(order)
        taken = min(left, end - first)
        yield first, first + taken
        left -= taken
