"""Modalities stored as numbers: vectors, pictures in arrays, audio and sequences."""

from __future__ import annotations

import numpy as np

from brownout_datasets.columns import Array, Column, Dense, Steps
from brownout_datasets.files.source import Source
from brownout_datasets.files.table import Cells, cell_arrays, numbers
from brownout_registry import Modality, UsageError

FULL_SCALE = {"uint8": 255, "uint16": 65535, "int16": 32768}


def vector_column(name: str, source: Source, values: Array, index: Array | None, where: str) -> tuple[Modality, Column]:
    """Numbers ``[N]`` or ``[N, D]``.

    Raises:
        UsageError: another shape, or values out of range.
    """
    values = values[:, None] if values.ndim == 1 else values
    _check_shape(values, 1, "vector", where)
    modality = Modality(name, "vector", values.shape[1:], source.range)
    return modality, _scaled(modality, source, values, index, where)


def grid_column(name: str, source: Source, values: Array, index: Array | None, where: str) -> tuple[Modality, Column]:
    """Pictures, spectrograms or depth maps ``[N, H, W]``, ``[N, C, H, W]`` or ``[N, H, W, C]``, C at most 4.

    Raises:
        UsageError: another shape, or values out of range.
    """
    if source.size or source.channels:
        raise UsageError(f"{where}: 'size' and 'channels' are for pictures in files, not for arrays")
    if values.ndim == 3:
        values = values[:, None]
    _check_shape(values, 3, source.kind, where)
    if values.shape[1] > 4:
        values = values.transpose(0, 3, 1, 2)
    if values.shape[1] > 4:
        raise UsageError(f"{where} has samples of {values.shape[1:]}: neither the first nor the last axis is channels")
    modality = Modality(name, source.kind, values.shape[1:], source.range or (0.0, 1.0))
    return modality, _scaled(modality, source, values, index, where)


def steps_column(
    name: str, source: Source, cells: Cells, index: Array | None, where: str, *, lengths: Array | None
) -> tuple[Modality, Column]:
    """Audio ``[T]`` or sequences ``[T]``, ``[T, D]``, of unequal length: padded to the longest.

    Raises:
        UsageError: another shape, values out of range, or lengths that do not fit.
    """
    values, own = _padded(cells, where)
    if source.kind == "sequence" and values.ndim == 2:
        values = values[:, :, None]
    _check_shape(values, 1 if source.kind == "audio" else 2, source.kind, where)
    if lengths is None:
        lengths = own
    elif lengths.shape != own.shape or lengths.dtype.kind not in "iu" or ((lengths < 0) | (lengths > own)).any():
        raise UsageError(f"{where}: 'lengths' must be whole numbers from 0 to a row's own length, one for each row")
    span = source.range or ((-1.0, 1.0) if source.kind == "audio" else None)
    modality = Modality(name, source.kind, values.shape[1:], span, source.sample_rate)
    return modality, Steps(_scaled(modality, source, values, index, where), lengths.astype(np.int64))


def _padded(cells: Cells, where: str) -> tuple[Array, Array]:
    """Cells as one array with zeros behind their ends, and their lengths."""
    if isinstance(cells.values, np.ndarray):
        values = numbers(cells, where)
        return values, np.full(len(values), values.shape[1] if values.ndim > 1 else 0)
    arrays = cell_arrays(cells, where)
    lengths = np.array([len(array) if array is not None and array.ndim else 0 for array in arrays])
    longest = lengths.max(initial=0)
    widened = [_widened(array, longest) for array in arrays]
    return numbers(Cells(list(widened), cells.present), where), lengths


def _widened(array: Array | None, length: int) -> Array | None:
    if array is None or array.ndim == 0 or array.dtype.kind not in "buif":
        return array
    return np.pad(array, [(0, length - len(array)), *[(0, 0)] * (array.ndim - 1)])


def _scaled(modality: Modality, source: Source, values: Array, index: Array | None, where: str) -> Dense:
    """The column with its divisor, after a look whether its values (and padding) are in the declared range."""
    stated = source.kind not in ("vector", "sequence")
    divisor = source.scale or (FULL_SCALE.get(str(values.dtype), 1) if stated else 1)
    if modality.range is not None and values.size:
        low, high = values.min() / divisor, values.max() / divisor
        if low < min(modality.range[0], 0) or high > max(modality.range[1], 0):
            raise UsageError(
                f"{where} holds values from {low:g} to {high:g}, out of the range {list(modality.range)}: "
                "give 'scale' (stored values are divided by it) or 'range'"
            )
    return Dense(values, index, divisor)


def _check_shape(values: Array, dimensions: int, kind: str, where: str) -> None:
    if values.ndim != dimensions + 1 or 0 in values.shape[1:]:
        raise UsageError(
            f"{where} has samples of shape {values.shape[1:]}, but kind {kind!r} has {dimensions} dimension(s)"
        )
