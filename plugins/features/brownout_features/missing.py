"""Missing entries: a gap in time or frequency, or scattered losses."""

from __future__ import annotations

from collections.abc import Sequence
from math import inf
from typing import Literal

import torch
from torch import Tensor

from brownout_features import draws
from brownout_features.checks import check_fill, check_levels
from brownout_features.entries import Entries, replaced, values_of
from brownout_registry import Modality, Noise, Padded, Perturbation, UsageError

Axis = Literal["auto", "time", "frequency", "entries"]
TIME = {"image": 3, "spectrogram": 3, "depth": 3, "sequence": 1, "audio": 1, "vector": 1}
FREQUENCY = {"image": 2, "spectrogram": 2, "depth": 2}


def missing_entries(
    modality: Modality,
    levels: Sequence[float],
    *,
    axis: Axis = "auto",
    unit: Literal["share", "columns"] = "share",
    fill: float = 0.0,
) -> Perturbation:
    """Set consecutive columns or rows (or scattered entries) to 0, at a random place.

    Gao et al. 2022, App. B.1: w1 consecutive columns or rows of the audio feature. With n columns, w of
    them lost and one u ~ U[0, 1) per sample, the gap starts at ``floor(u (n - w + 1))``: every place has
    the same chance, and a longer gap contains the shorter one of the same sample. A share below one
    column loses one. Scattered entries are lost where their own uniform draw lies below the share.

    Args:
        modality: what is perturbed.
        levels: share of the axis (or number of columns) lost at severities 1, 2, ...
        axis: ``time``: columns of an image-like input, steps of a sequence, samples of audio, neighbouring
            entries of a vector; ``frequency``: rows; ``entries``: each on its own; ``auto``: entries for a
            vector, else time.
        unit: whether levels are a ``share`` of the sample's own length or ``columns`` (the paper's w1).
        fill: what lost entries become, brought into the declared range. In decibels 0 may be the loudest
            value: give the quietest there.

    Returns:
        ``perturb(inputs, severity, noise)`` on ``[B, ...]`` or `brownout_registry.Padded`.

    Raises:
        UsageError: a share above 1, a number of columns that is not whole, a fill that is no finite number,
            or an axis the kind lacks.

    Example:
        >>> class Middle:
        ...     def uniform(self, label, shape=()):
        ...         return torch.full((1, *shape), 0.5)
        >>> perturb = missing_entries(Modality("sound", "vector", (5,)), (1, 3), axis="time", unit="columns")
        >>> perturb(torch.ones(1, 5), 1, Middle()), perturb(torch.ones(1, 5), 2, Middle())
        (tensor([[1., 1., 0., 1., 1.]]), tensor([[1., 0., 0., 0., 1.]]))
    """
    if axis == "auto":
        axis = "entries" if modality.kind == "vector" else "time"
    _check(modality, levels, axis, unit, fill)
    dim = (FREQUENCY if axis == "frequency" else TIME)[modality.kind]

    def perturb(inputs: Entries, severity: int, noise: Noise) -> Entries:
        level = levels[severity - 1]
        if axis == "entries":
            gone = draws.uniform(inputs, noise, "entries") < level
        else:
            gone = _gap(inputs, dim, level, unit, noise)
        return replaced(inputs, values_of(inputs).masked_fill(gone, fill), modality.range)

    return perturb


def _gap(inputs: Entries, dim: int, level: float, unit: str, noise: Noise) -> Tensor:
    """Bool, broadcastable to the values: True in each sample's gap along ``dim``."""
    values = values_of(inputs)
    extent = inputs.lengths.cpu() if isinstance(inputs, Padded) else torch.tensor(values.shape[dim])
    width = torch.minimum(_width(extent, min(level, values.shape[dim]), unit), extent)
    start = (noise.uniform("start").cpu().double() * (extent - width + 1)).floor()
    place = torch.arange(values.shape[dim])
    gone = (place >= start[:, None]) & (place < (start + width)[:, None])
    shape = [1] * values.dim()
    shape[0], shape[dim] = gone.shape
    return gone.reshape(shape).to(values.device)


def _width(extent: Tensor, level: float, unit: str) -> Tensor:
    if unit == "columns":
        return torch.tensor(int(level))
    return (extent.double() * level).round().clamp(min=1 if level > 0 else 0).long()


def _check(modality: Modality, levels: Sequence[float], axis: Axis, unit: str, fill: float) -> None:
    where = f"perturbation 'missing-entries' of {modality.name!r}"
    check_fill(where, fill)
    if axis == "frequency" and modality.kind not in FREQUENCY:
        raise UsageError(f"{where}: a {modality.kind} has no axis 'frequency': use 'time' or 'entries'")
    if axis == "entries" and unit == "columns":
        raise UsageError(f"{where}: unit 'columns' needs axis 'time' or 'frequency'; scattered entries take a 'share'")
    check_levels("missing-entries", modality, levels, largest=1 if unit == "share" else inf)
    if unit == "columns" and any(level != int(level) for level in levels):
        raise UsageError(f"{where}: levels are {tuple(levels)}, expected whole numbers of columns")
