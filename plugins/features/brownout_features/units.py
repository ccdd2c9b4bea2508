"""The units in which a level of additive noise is stated."""

from __future__ import annotations

from typing import Literal

import torch
from torch import Tensor

from brownout_features.entries import Entries, root_mean_square, values_of
from brownout_registry import Modality, UsageError

Unit = Literal["auto", "range", "std", "rms", "absolute"]


def unit_of(perturbation: str, modality: Modality, unit: Unit) -> Unit:
    """What ``auto`` means: range for image-like kinds that declare one, std where a scale is declared, else rms.

    Example:
        >>> unit_of("drift", Modality("sensor", "sequence", (9, 2), scale=(1.0, 3.0)), "auto")
        'std'

    Raises:
        UsageError: a unit that needs a range or scale which the modality does not declare.
    """
    where = f"perturbation {perturbation!r} of {modality.name!r}: unit is {unit!r}"
    if unit == "range" and modality.range is None:
        raise UsageError(f"{where}, but the modality declares no range: use 'rms' or 'absolute'")
    if unit == "std" and modality.scale is None:
        raise UsageError(f"{where}, but the modality declares no scale: use 'rms' or 'absolute'")
    if unit != "auto":
        return unit
    if modality.range and modality.kind in ("image", "spectrogram", "depth"):
        return "range"
    return "std" if modality.scale is not None else "rms"


def size_of(inputs: Entries, modality: Modality, unit: Unit) -> Tensor | float:
    """How much one unit is: a number, or broadcastable to the values."""
    if unit == "rms":
        return root_mean_square(inputs)
    if unit == "std":
        values = values_of(inputs)
        return torch.tensor(modality.scale, dtype=values.dtype, device=values.device)
    return modality.range[1] - modality.range[0] if unit == "range" and modality.range else 1.0
