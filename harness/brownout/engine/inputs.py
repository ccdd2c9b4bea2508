"""What the engine does with a batch of canonical inputs, whatever their kind."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from brownout_registry import KIND_OF_REPRESENTATION, Inputs, Modality, Padded, Representation


def to_device(inputs: Inputs, device: str) -> Inputs:
    """Move tensors; text stays where it is."""
    if isinstance(inputs, Padded):
        return Padded(inputs.values.to(device), inputs.lengths.to(device))
    return inputs.to(device) if isinstance(inputs, Tensor) else inputs


def mix(inputs: Any, others: Any, take_other: Tensor) -> Any:
    """Rows of ``others`` where the bool ``[B]`` says so, else rows of ``inputs``.

    Example:
        >>> mix(["a", "b"], ["x", "y"], torch.tensor([False, True]))
        ['a', 'y']
    """
    if isinstance(inputs, Padded):
        lengths = torch.where(take_other, others.lengths, inputs.lengths)
        return Padded(mix(inputs.values, others.values, take_other), lengths)
    if isinstance(inputs, Tensor):
        return torch.where(take_other.reshape(-1, *[1] * (inputs.ndim - 1)), others, inputs)
    return [other if take else own for own, other, take in zip(inputs, others, take_other.tolist(), strict=True)]


def rows_of(inputs: Any, rows: Tensor) -> Any:
    """Some rows, by number.

    Example:
        >>> rows_of(["a", "b"], torch.tensor([1]))
        ['b']
    """
    if isinstance(inputs, Padded):
        return Padded(inputs.values[rows], inputs.lengths[rows])
    return inputs[rows] if isinstance(inputs, Tensor) else [inputs[row] for row in rows.tolist()]


def zeros_like(inputs: Any) -> Any:
    """The zero input: zeros, or empty text.

    Example:
        >>> zeros_like(["a", "b"])
        ['', '']
    """
    if isinstance(inputs, Padded):
        return Padded(torch.zeros_like(inputs.values), inputs.lengths)
    return torch.zeros_like(inputs) if isinstance(inputs, Tensor) else [""] * len(inputs)


def blank_absent(inputs: Any, present: Tensor) -> Any:
    """The zero input where a sample's modality is absent (bool ``[B]``), so that its content reaches nothing."""
    return inputs if bool(present.all()) else mix(inputs, zeros_like(inputs), ~present)


def real_steps(inputs: Any) -> Tensor:
    """The rows of a vector, or all steps of a sequence that are not padding, ``[n, D]``."""
    if not isinstance(inputs, Padded):
        vectors: Tensor = inputs
        return vectors
    steps = torch.arange(inputs.values.shape[1], device=inputs.lengths.device)
    return inputs.values[steps < inputs.lengths[:, None]]


def first_bad_row(inputs: Any) -> int | None:
    """The first row with NaN or infinite values, or None."""
    values = inputs.values if isinstance(inputs, Padded) else inputs
    if not isinstance(values, Tensor) or all_finite(values):
        return None
    good = torch.isfinite(values.reshape(len(values), -1)).all(1)
    return int((~good).nonzero()[0])


def all_finite(values: Tensor) -> bool:
    """Whether there is no NaN and no infinity, by the extremes: one pass that allocates nothing.

    Example:
        >>> all_finite(torch.tensor([1.0, 2.0])), all_finite(torch.tensor([1.0, torch.nan, 2.0]))
        (True, False)
    """
    return values.numel() == 0 or all(bool(torch.isfinite(each)) for each in torch.aminmax(values))


def modality_of(representation: Representation, name: str) -> Modality:
    """A backbone's representation as the modality that the encoder above it takes."""
    return Modality(name, KIND_OF_REPRESENTATION[representation.kind], representation.shape)


def as_inputs(features: Tensor, representation: Representation) -> Inputs:
    """Backbone features as canonical inputs of `modality_of`."""
    if representation.kind != "sequence":
        return features
    return Padded(features, torch.full((len(features),), features.shape[1], device=features.device))
