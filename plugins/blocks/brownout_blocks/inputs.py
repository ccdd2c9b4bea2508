"""What training recipes do with the inputs of a batch, whatever their kind."""

from __future__ import annotations

import torch
from torch import Tensor

from brownout_registry import Inputs, Padded


def values_of(inputs: Inputs) -> Tensor:
    """The numbers of an input that is not text.

    Example:
        >>> values_of(Padded(torch.ones(1, 2), torch.tensor([1])))
        tensor([[1., 1.]])
    """
    assert not isinstance(inputs, list)
    return inputs.values if isinstance(inputs, Padded) else inputs


def with_values(inputs: Inputs, values: Tensor) -> Inputs:
    """The same input with other numbers.

    Example:
        >>> with_values(torch.ones(1, 2), torch.zeros(1, 2))
        tensor([[0., 0.]])
    """
    return Padded(values, inputs.lengths) if isinstance(inputs, Padded) else values


def take(inputs: Inputs, rows: Tensor) -> Inputs:
    """Some rows, in that order and as often as they are named.

    Example:
        >>> take(["a", "b"], torch.tensor([1, 0, 1]))
        ['b', 'a', 'b']
    """
    if isinstance(inputs, Padded):
        return Padded(inputs.values[rows], inputs.lengths[rows])
    return inputs[rows] if isinstance(inputs, Tensor) else [inputs[row] for row in rows.tolist()]


def blanked(inputs: Inputs, there: Tensor) -> Inputs:
    """The zero input in the rows that are not there: zeros, or empty text.

    Example:
        >>> blanked(["a", "b"], torch.tensor([True, False]))
        ['a', '']
    """
    if isinstance(inputs, list):
        return [text if keep else "" for text, keep in zip(inputs, there.tolist(), strict=True)]
    values = values_of(inputs)
    return with_values(inputs, torch.where(there.reshape(-1, *[1] * (values.ndim - 1)), values, 0.0))
