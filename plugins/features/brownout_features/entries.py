"""The entries of a batch, padded or not, and what each sample's own entries say.

Statistics are exact in every batch: a sample's value has the same bits alone, in any batch and behind any
padding, being made of minima, maxima and elementwise additions in a fixed order.
"""

from __future__ import annotations

from math import prod
from typing import TypeAlias

import torch
from torch import Tensor
from torch.nn.functional import pad

from brownout_blocks import row_sums
from brownout_registry import Padded

Entries: TypeAlias = "Tensor | Padded"


def values_of(inputs: Entries) -> Tensor:
    """The tensor ``[B, ...]`` that holds the entries."""
    return inputs.values if isinstance(inputs, Padded) else inputs


def real(inputs: Entries) -> Tensor:
    """Bool, broadcastable to the values: True where an entry is not padding.

    Example:
        >>> real(Padded(torch.zeros(2, 3), torch.tensor([1, 3])))
        tensor([[ True, False, False],
                [ True,  True,  True]])
    """
    values = values_of(inputs)
    if not isinstance(inputs, Padded):
        return torch.ones((1,) * values.dim(), dtype=torch.bool, device=values.device)
    steps = torch.arange(values.shape[1], device=values.device)
    return each(steps < inputs.lengths.to(values.device)[:, None], values)


def each(rows: Tensor, values: Tensor) -> Tensor:
    """``rows`` ``[B]`` or ``[B, T]`` with as many trailing axes of size 1 as broadcasting to ``values`` needs."""
    return rows.reshape(*rows.shape, *(1,) * (values.dim() - rows.dim()))


def replaced(inputs: Entries, values: Tensor, bounds: tuple[float, float] | None = None) -> Entries:
    """A batch like ``inputs`` whose real entries are ``values``, clipped to ``bounds``; padding is kept."""
    if bounds is not None:
        values = values.clamp(*bounds)
    if isinstance(inputs, Padded):
        return Padded(torch.where(real(inputs), values, inputs.values), inputs.lengths)
    return values


def root_mean_square(inputs: Entries) -> Tensor:
    """Each sample's root mean square over its real entries, broadcastable to the values; 0 if it has none.

    Example:
        >>> root_mean_square(torch.tensor([[3.0, 4.0], [0.0, 0.0]])).flatten()
        tensor([3.5355, 0.0000])
    """
    values = values_of(inputs)
    wide = torch.where(real(inputs), values, 0).to(torch.promote_types(values.dtype, torch.float32))
    mean = row_sums((wide * wide).flatten(1)) / _counts(inputs).to(wide)
    return each(mean.sqrt(), values).to(values.dtype)


def extremes(inputs: Entries) -> tuple[Tensor, Tensor]:
    """Each sample's smallest and largest real entry, broadcastable to the values."""
    values, mask = values_of(inputs), real(inputs)
    low = pad(torch.where(mask, values, torch.inf).flatten(1), (0, 1), value=torch.inf).amin(1)
    high = pad(torch.where(mask, values, -torch.inf).flatten(1), (0, 1), value=-torch.inf).amax(1)
    return each(low, values), each(high, values)


def _counts(inputs: Entries) -> Tensor:
    """How many real entries each sample has, at least 1."""
    if isinstance(inputs, Padded):
        return (inputs.lengths * prod(inputs.values.shape[2:])).clamp(min=1)
    return torch.tensor(max(1, prod(inputs.shape[1:])))
