"""Npz files, without pickles."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from brownout_datasets.archive import open_archive
from brownout_datasets.columns import Array
from brownout_datasets.files.table import Cells
from brownout_registry import UsageError, unknown


@dataclass(frozen=True)
class NpzTable:
    """One npz file, or one for each split, read key by key; ``names`` are the keys of the first."""

    paths: Mapping[str | None, Path]
    names: Sequence[str]

    @property
    def where(self) -> str:
        """The files' names."""
        return ", ".join(map(str, self.paths.values()))

    def splits(self, target: str) -> Array | None:
        """Each file's split, once for each of its rows."""
        if None in self.paths:
            return None
        return np.repeat(list(self.paths), [len(part) for part in self._parts(target)])

    def cells(self, name: str) -> Cells:
        """The arrays of that key, one file after the other; an npz file knows no empty cells."""
        values = np.concatenate(self._parts(name))
        return Cells(values, np.ones(len(values), bool))

    def index(self, name: str, column: str) -> Array:
        """The index arrays, each moved behind the rows of the files before."""
        sizes = [len(part) for part in self._parts(column)]
        starts = np.cumsum([0, *sizes[:-1]])
        return np.concatenate([part + start for part, start in zip(self._parts(name), starts, strict=True)])

    def classes(self, name: str) -> None:
        """None: an npz file does not say which array holds class names."""

    def _parts(self, name: str) -> list[Array]:
        parts = [_array(path, name) for path in self.paths.values()]
        if len({part.shape[1:] for part in parts}) > 1:
            shapes = ", ".join(str(part.shape) for part in parts)
            raise UsageError(f"files: {self.where}: column {name!r} has shapes that do not go together: {shapes}")
        return parts


def open_npz(paths: Mapping[str | None, Path]) -> NpzTable:
    """The npz files as one table.

    Raises:
        UsageError: no npz file.
    """
    with open_archive("files", next(iter(paths.values()))) as stored:
        return NpzTable(paths, tuple(stored.files))


def _array(path: Path, name: str) -> Array:
    with open_archive("files", path) as stored:
        if name not in stored.files:
            raise UsageError(f"files: {path}: {unknown('column', name, stored.files)}")
        array: Array = stored[name]
    if array.ndim == 0:
        raise UsageError(f"files: {path}: column {name!r} is a single value, expected one for each sample")
    try:
        return np.char.decode(array, "utf-8") if array.dtype.kind == "S" else array
    except UnicodeDecodeError as error:
        raise UsageError(f"files: {path}: column {name!r} holds bytes that are no UTF-8 text") from error
