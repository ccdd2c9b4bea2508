"""From the columns of a table to modalities."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from brownout_datasets.columns import Array, Column, Texts
from brownout_datasets.files.arrays import grid_column, steps_column, vector_column
from brownout_datasets.files.npz import open_npz
from brownout_datasets.files.pictures import picture_column
from brownout_datasets.files.source import PICTURES, STEPS, Source
from brownout_datasets.files.table import Cells, Table, check_named, column, filled, numbers
from brownout_registry import Modality, UsageError


def stored_column(name: str, source: Source, table: Table, folder: Path) -> tuple[Modality, Column, Array]:
    """A modality, its column, and bool ``[N]`` which samples have it.

    Args:
        name: of the modality.
        source: how it is stored.
        table: where it is stored.
        folder: to which ``source.file`` and paths of pictures are relative.

    Raises:
        UsageError: something is not there, or does not fit the modality's kind.
    """
    key = f"modalities.{name}"
    holder = open_npz({None: folder / source.file}) if source.file else table
    cells = _cells(source, holder, key)
    where = f"files: {holder.where}: {key}: column {source.column or ', '.join(source.columns)!r}"
    index = _index(source, table, len(cells), key)
    present = cells.present if index is None else cells.present[index]
    if source.present:
        present = present & _mask(source.present, table, len(present), key)
    if source.kind in STEPS:
        lengths = filled(holder, f"{key}.lengths", source.lengths) if source.lengths else None
        return *steps_column(name, source, cells, index, where, lengths=lengths), present
    if source.kind == "text":
        return Modality(name, "text", ()), Texts(_texts(_spread(cells, index), where)), present
    if source.kind in PICTURES and _encoded(cells):
        return *picture_column(name, source, _spread(cells, index).values, folder, where), present
    build = vector_column if source.kind == "vector" else grid_column
    return *build(name, source, numbers(cells, where), index, where), present


def _cells(source: Source, table: Table, key: str) -> Cells:
    """The column; of several columns, a sample is there if every cell is filled."""
    if source.column:
        return column(table, f"{key}.column", source.column)
    parts = [column(table, f"{key}.columns", each) for each in source.columns]
    where = f"files: {table.where}: {key}.columns:"
    values = [numbers(part, f"{where} {each!r}") for part, each in zip(parts, source.columns, strict=True)]
    for each, value in zip(source.columns, values, strict=True):
        if value.shape != (len(parts[0]),):
            raise UsageError(f"{where} {each!r} has shape {value.shape}, expected {(len(parts[0]),)}")
    return Cells(np.stack(values, axis=1), np.all([part.present for part in parts], axis=0))


def _spread(cells: Cells, index: Array | None) -> Cells:
    """Cells one for each sample, for kinds that gain nothing from an index."""
    rows = np.arange(len(cells)) if index is None else index
    return Cells([cells.values[row] for row in rows], cells.present[rows])


def _texts(cells: Cells, where: str) -> list[str]:
    """Strings; an empty cell reads as the empty string."""
    texts = [str(text) if isinstance(text, str) else text for text in cells.values]
    for row in np.flatnonzero(cells.present).tolist():
        if not isinstance(texts[row], str):
            raise UsageError(f"{where} holds {type(texts[row]).__name__} in row {row}, expected text")
    return [text if there else "" for text, there in zip(texts, cells.present, strict=True)]


def _index(source: Source, table: Table, rows: int, key: str) -> Array | None:
    if source.index is None:
        return None
    check_named(table, f"{key}.index", source.index)
    if source.file:
        index = filled(table, f"{key}.index", source.index)
    else:
        index = table.index(source.index, source.column or source.columns[0])
    if index.ndim != 1 or index.dtype.kind not in "iu" or ((index < 0) | (index >= rows)).any():
        raise UsageError(
            f"files: {table.where}: {key}.index: column {source.index!r} must hold row numbers from 0 to {rows - 1}"
        )
    return index


def _mask(name: str, table: Table, rows: int, key: str) -> Array:
    mask = filled(table, f"{key}.present", name)
    if mask.shape != (rows,) or mask.dtype != bool:
        raise UsageError(
            f"files: {table.where}: {key}.present: column {name!r} must hold true or false for each sample"
        )
    return mask


def _encoded(cells: Cells) -> bool:
    """Whether the cells are pictures in files rather than arrays."""
    first = next((cell for cell, there in zip(cells.values, cells.present, strict=True) if there), None)
    return isinstance(first, str | dict)
