"""HTAD: seven home activities from sound and wrist acceleration."""

from __future__ import annotations

import csv
from importlib.util import find_spec
from pathlib import Path

import numpy as np

from brownout_datasets.columns import Array, Dense
from brownout_datasets.holdout import hold_out
from brownout_datasets.in_memory import from_columns
from brownout_datasets.plugin import HTAD_PAPER
from brownout_registry import Dataset, Modality, UsageError

PREFIXES = {"audio": "v1_", "accelerometer": "v2_"}


def htad(test: float = 0.2, validation: float = 0.1, seed: int = 0) -> Dataset:
    """HTAD (Garcia-Ceja et al., 2021): 1386 samples of 36 audio and 16 acceleration features, 7 activities.

    The table comes with the package ``multiviewstacking``, without a split: validation and test are held out by
    class. A sample's id is its row in the table. The features are as published, not scaled.

    Args:
        test: share of the samples for the test split.
        validation: share of the samples for the validation split.
        seed: of the split.

    Example:
        >>> data = htad()
        >>> [(modality.name, modality.shape) for modality in data.modalities], len(data.splits["test"])
        ([('audio', (36,)), ('accelerometer', (16,))], 277)

    Raises:
        UsageError: the table is not where ``multiviewstacking`` keeps it, or a share is out of range.
    """
    header, *rows = csv.reader(_table().read_text(encoding="latin-1").splitlines())
    names = [row[header.index("class")] for row in rows]
    classes = sorted(set(names))
    targets = np.array([classes.index(name) for name in names])
    return from_columns(
        {_modality(name, header): Dense(_features(header, rows, prefix)) for name, prefix in PREFIXES.items()},
        targets,
        classes,
        hold_out(np.arange(len(rows)), targets, {"validation": validation, "test": test}, seed),
        licence="research and education free; competitions and commercial use need the authors' permission",
        citation=HTAD_PAPER.bibtex,
    )


def _table() -> Path:
    """Where the table lies, found without importing the package (which would import scikit-learn and pandas)."""
    found = find_spec("multiviewstacking")
    for folder in (found and found.submodule_search_locations) or ():
        table = Path(folder) / "data" / "htad.csv"
        if table.is_file():
            return table
    raise UsageError("htad: the package multiviewstacking has no data/htad.csv; install multiviewstacking>=0.7.4")


def _modality(name: str, header: list[str]) -> Modality:
    return Modality(name, "vector", (sum(column.startswith(PREFIXES[name]) for column in header),))


def _features(header: list[str], rows: list[list[str]], prefix: str) -> Array:
    chosen = [position for position, column in enumerate(header) if column.startswith(prefix)]
    return np.array([[float(row[position]) for position in chosen] for row in rows], np.float32)
