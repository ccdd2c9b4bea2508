"""What a file of any format looks like once it is open: columns of cells."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from brownout_datasets.columns import Array
from brownout_registry import UsageError, unknown


@dataclass(frozen=True)
class Cells:
    """One column.

    Attributes:
        values: ``[N, ...]`` numbers or strings, or N cells of unequal shape, which are None where empty.
        present: bool ``[N]``, whether a cell is filled.
    """

    values: Array | list[Any]
    present: Array

    def __len__(self) -> int:
        return len(self.values)


class Table(Protocol):
    """An open file, folder or hub set."""

    @property
    def where(self) -> str:
        """Its name in messages."""
        ...

    @property
    def names(self) -> Sequence[str]:
        """The columns."""
        ...

    def splits(self, target: str) -> Array | None:
        """The split that the format gives each row of the column ``target``, if it does."""
        ...

    def cells(self, name: str) -> Cells:
        """One column."""
        ...

    def index(self, name: str, column: str) -> Array:
        """The column ``name``, which points into the rows of ``column``."""
        ...

    def classes(self, name: str) -> Sequence[str] | None:
        """The names of a label column's classes, if the format has them."""
        ...


def column(table: Table, key: str, name: str) -> Cells:
    """The column that option ``key`` names.

    Raises:
        UsageError: no such column.
    """
    check_named(table, key, name)
    return table.cells(name)


def check_named(table: Table, key: str, name: str) -> None:
    """Refuse the name of a column that is not there, with close matches."""
    if name not in table.names:
        raise UsageError(f"files: {table.where}: {key}: {unknown('column', str(name), table.names)}")


def filled(table: Table, key: str, name: str) -> Array:
    """The values of a column in which every cell must be filled.

    Raises:
        UsageError: no such column, an empty cell, or cells of unequal shape.
    """
    cells = column(table, key, name)
    if not cells.present.all():
        empty = int(np.flatnonzero(~cells.present)[0])
        raise UsageError(f"files: {table.where}: {key}: column {name!r} is empty in row {empty}")
    try:
        return np.asarray(cells.values)
    except ValueError as error:
        raise UsageError(f"files: {table.where}: {key}: column {name!r} has cells of unequal length") from error


def numbers(cells: Cells, where: str) -> Array:
    """Cells of one shape as one array ``[N, ...]``, zero where a cell is empty.

    Raises:
        UsageError: text, or cells of unequal shape.
    """
    values = cells.values
    if isinstance(values, list):
        values = _stack(cell_arrays(cells, where), where)
    if values.dtype.kind not in "buif":
        raise UsageError(f"{where} holds {_called(values.dtype)}, expected numbers")
    return values


def cell_arrays(cells: Cells, where: str) -> list[Array | None]:
    """Each filled cell as an array of its own.

    Raises:
        UsageError: a cell whose rows are of unequal length.
    """
    try:
        return [None if cell is None else np.asarray(cell) for cell in cells.values]
    except ValueError as error:
        raise UsageError(f"{where} holds a cell whose rows are of unequal length") from error


def _stack(arrays: list[Array | None], where: str) -> Array:
    first = next((array for array in arrays if array is not None), np.zeros(()))
    for row, array in enumerate(arrays):
        if array is not None and array.shape != first.shape:
            raise UsageError(f"{where} has shape {array.shape} in row {row}, but {first.shape} above: unequal lengths")
    return np.stack([np.zeros_like(first) if array is None else array for array in arrays])


def _called(dtype: np.dtype[Any]) -> str:
    return "text" if dtype.kind in "USO" else f"values of type {dtype}"
