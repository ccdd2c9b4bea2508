"""Csv, parquet, folders of pictures and hub sets, opened by Hugging Face ``datasets``."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from glob import escape
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pyarrow as pa

from brownout_datasets.columns import Array
from brownout_datasets.files.table import Cells
from brownout_registry import UsageError


@dataclass(frozen=True)
class ArrowTable:
    """The splits of a loaded set, one after the other in alphabetical order.

    Attributes:
        where: the file's name in messages.
        parts: each split's rows; the key None stands for a set without splits.
        label_names: names of the classes, by column.
    """

    where: str
    parts: Mapping[str | None, pa.Table]
    label_names: Mapping[str, Sequence[str]]

    @property
    def names(self) -> Sequence[str]:
        """The columns."""
        return tuple(next(iter(self.parts.values())).column_names)

    def splits(self, target: str) -> Array | None:
        """Each row's split."""
        if None in self.parts:
            return None
        return np.repeat(list(self.parts), [len(part) for part in self.parts.values()])

    def cells(self, name: str) -> Cells:
        """One column; null is an empty cell."""
        parts = [_cells(part.column(name)) for part in self.parts.values()]
        present = np.concatenate([part.present for part in parts])
        if all(isinstance(part.values, np.ndarray) for part in parts):
            return Cells(np.concatenate([part.values for part in parts]), present)
        return Cells([value for part in parts for value in part.values], present)

    def index(self, name: str, column: str) -> Array:
        """Refused: only npz files store the rows of a column once and point at them."""
        raise UsageError(f"files: {self.where}: 'index' ({name!r} into {column!r}) is for npz files only")

    def classes(self, name: str) -> Sequence[str] | None:
        """The names that the set itself gives its labels."""
        return self.label_names.get(name)


def open_files(builder: str, files: Mapping[str | None, Path], where: str) -> ArrowTable:
    """Csv or parquet files.

    Raises:
        UsageError: they cannot be read.
    """
    options: dict[str, Any] = {"keep_default_na": False, "na_values": [""]} if builder == "csv" else {}
    named = {split or "train": escape(str(path)) for split, path in files.items()}
    return _local(where, named=None not in files, path=builder, data_files=named, **options)


def open_folder(folder: Path) -> ArrowTable:
    """A folder of pictures, ``class/picture.png`` or ``split/class/picture.png``, or with a ``metadata.csv``.

    Raises:
        UsageError: it holds no pictures.
    """
    return _local(str(folder), named=True, path="imagefolder", data_dir=escape(str(folder)))


def open_hub(name: str, config: str | None) -> ArrowTable:
    """A set of the Hugging Face hub, from its cache or over the network.

    Raises:
        UsageError: the hub does not have it, or cannot be reached.
    """
    return _load(name, named=True, path=name, name=config)


def _local(where: str, named: bool, **arguments: Any) -> ArrowTable:
    """Load without leaving anything in the user's cache: local files are quick to read again."""
    with TemporaryDirectory() as cache:
        return _load(where, named, cache_dir=cache, keep_in_memory=True, **arguments)


def _load(where: str, named: bool, **arguments: Any) -> ArrowTable:
    import datasets

    with _quiet():
        try:
            loaded = datasets.load_dataset(**arguments)
        except Exception as error:  # whatever pandas, pyarrow or the hub's client find wrong with the data
            raise UsageError(f"files: {where}: {_reason(error, hub=arguments['path'] == where)}") from error
    features = next(iter(loaded.values())).features
    labels = {name: feature.names for name, feature in features.items() if isinstance(feature, datasets.ClassLabel)}
    parts = {split if named else None: loaded[split].with_format("arrow")[:] for split in sorted(loaded)}
    return ArrowTable(where, parts, labels)


@contextmanager
def _quiet() -> Iterator[None]:
    """No progress bars and no log lines; both as before afterwards."""
    import datasets

    bars, level = datasets.utils.are_progress_bars_disabled(), datasets.logging.get_verbosity()
    datasets.disable_progress_bars()
    datasets.logging.set_verbosity(logging.CRITICAL)
    try:
        yield
    finally:
        datasets.logging.set_verbosity(level)
        if not bars:
            datasets.enable_progress_bars()


def _reason(error: BaseException, hub: bool) -> str:
    """The innermost cause in one line, and what to do about it."""
    while error.__cause__ is not None:
        error = error.__cause__
    said = " ".join(str(error).split())
    if hub:
        return (
            f"no such file or folder, and the Hugging Face hub does not give a set of that name ({said}); "
            "check the spelling, the network, and whether HF_HUB_OFFLINE is set"
        )
    return f"cannot be read: {said}"


def _cells(column: pa.ChunkedArray) -> Cells:
    present = ~np.asarray(column.is_null())
    kind = column.type
    if pa.types.is_boolean(kind):
        return Cells(np.asarray(column.fill_null(False)), present)
    if pa.types.is_integer(kind) or pa.types.is_floating(kind):
        return Cells(np.asarray(column.fill_null(0)), present)
    if pa.types.is_list(kind) and not pa.types.is_nested(kind.value_type):
        return Cells([np.asarray(cell.values) if cell.is_valid else None for cell in column], present)
    return Cells(column.to_pylist(), present)
