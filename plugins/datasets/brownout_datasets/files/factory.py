"""Data of one's own: npz, csv, parquet, a folder of pictures, or a set of the Hugging Face hub."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from brownout_datasets.files.arrow import open_files, open_folder, open_hub
from brownout_datasets.files.labels import complete_splits, given_splits, labels, sample_ids
from brownout_datasets.files.modality import stored_column
from brownout_datasets.files.npz import open_npz
from brownout_datasets.files.source import parse_sources
from brownout_datasets.files.table import Table
from brownout_datasets.in_memory import from_columns
from brownout_registry import Dataset, UsageError

FORMATS = (".npz", ".csv", ".parquet")


def from_files(
    path: str | Mapping[str, str],
    modalities: Mapping[str, Any],
    *,
    target: str = "label",
    split: str | None = None,
    splits: Mapping[Any, str | None] | None = None,
    id: str | None = None,  # noqa: A002
    classes: Sequence[str] | None = None,
    ignore_label: int = -100,
    config: str | None = None,
    test: float = 0.2,
    validation: float = 0.1,
    seed: int = 0,
    licence: str = "unknown",
    citation: str = "",
) -> Dataset:
    """The dataset in files of one's own.

    In a suite::

        dataset:
          use: files
          path: measurements.csv
          modalities:
            sensors: {columns: [heart_rate, temperature], kind: vector}
            note: {column: text, kind: text}
          target: diagnosis

    An empty cell (null) of a modality means that the sample lacks it. A split that the data does not have is held
    out of train, by class.

    Args:
        path: an npz, csv or parquet file, a folder of pictures (``split/class/picture.png``), or a hub id; or a
            mapping of split to file.
        modalities: name to how it is stored, see `brownout_datasets.files.source.Source`.
        target: column of the labels, class indices or names; ``[N, H, W]`` in an npz file for dense prediction.
        split: column that says each sample's split; by default the files', the folders' or the hub's splits.
        splits: what the data's names of splits mean: train, validation, test, or None to leave these samples out.
        id: column of unique integers; by default rows are numbered, over files in alphabetical order of their splits.
        classes: names in label order.
        ignore_label: label of dense targets that does not count.
        config: configuration of a hub set.
        test: share of the samples for test, where the data has none.
        validation: share of the samples for validation, where the data has none.
        seed: of these splits.
        licence: of the data.
        citation: of the data.

    Raises:
        UsageError: anything in files or options that does not fit, with file and key.
    """
    sources = parse_sources(modalities)
    table, folder = _open(path, config)
    targets, names = labels(table, target, classes, ignore_label)
    ids = sample_ids(table, id, len(targets))
    stored = [stored_column(name, source, table, folder) for name, source in sources.items()]
    for modality, column, _ in stored:
        if len(column) != len(targets):
            raise UsageError(
                f"files: {table.where}: modalities.{modality.name} has {len(column)} samples, but target {target!r} "
                f"has {len(targets)}: unequal lengths"
            )
    shares = {"validation": validation, "test": test}
    return from_columns(
        {modality: column for modality, column, _ in stored},
        targets,
        names,
        complete_splits(given_splits(table, split, target, splits), targets, ids, shares, seed),
        ids=ids,
        present=np.stack([present for *_, present in stored], axis=1),
        ignore_label=ignore_label,
        licence=licence,
        citation=citation,
    )


def _open(path: str | Mapping[str, str], config: str | None) -> tuple[Table, Path]:
    """The table, and the folder to which other files are relative."""
    if isinstance(path, str) and _may_be_hub_id(path):
        return open_hub(path, config), Path()
    if config is not None:
        raise UsageError(f"files: option 'config' is for sets of the hub, and {path!r} is none")
    if isinstance(path, str) and Path(path).is_dir():
        return open_folder(Path(path)), Path(path)
    files = _files(path)
    suffix = {file.suffix for file in files.values()}.pop()
    first = next(iter(files.values()))
    table = open_npz(files) if suffix == ".npz" else open_files(suffix[1:], files, ", ".join(map(str, files.values())))
    return table, first.parent


def _may_be_hub_id(path: str) -> bool:
    owner, _, name = path.partition("/")
    known = Path(path).exists() or Path(path).suffix in FORMATS
    return not known and bool(owner.strip(".")) and bool(name) and "/" not in name


def _files(path: str | Mapping[str, str]) -> dict[str | None, Path]:
    """The files by split, all there and of one format."""
    named: Mapping[Any, str] = {None: path} if isinstance(path, str) else path
    if not isinstance(named, Mapping) or not named:
        raise UsageError(
            f"files: option 'path' is {path!r}, expected a file, a folder, a hub id or a mapping of split to file"
        )
    files = {None if split is None else str(split): Path(str(file)) for split, file in sorted(named.items(), key=str)}
    for split, file in files.items():
        key = "path" if split is None else f"path.{split}"
        if file.suffix not in FORMATS:
            raise UsageError(f"files: {key}: {str(file)!r} is neither {', '.join(FORMATS)}, a folder nor a hub id")
        if not file.is_file():
            raise UsageError(f"files: {key}: there is no file {str(file)!r}")
    if len({file.suffix for file in files.values()}) > 1:
        raise UsageError(f"files: path: files of different formats: {', '.join(map(str, files.values()))}")
    return files
