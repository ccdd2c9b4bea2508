"""Targets, sample ids and splits of a table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from brownout_datasets.columns import Array
from brownout_datasets.files.table import Table, filled
from brownout_datasets.holdout import hold_out
from brownout_registry import SPLITS, UsageError, unknown


def labels(table: Table, target: str, classes: Sequence[str] | None, ignore_label: int) -> tuple[Array, list[str]]:
    """Targets int64 ``[N]`` or ``[N, H, W]``, and the class names.

    Names as labels are numbered in the order of ``classes``, or else alphabetically; for class indices the names
    are ``classes``, those the set itself gives, or the numbers.

    Raises:
        UsageError: ``classes`` is no list of names, an empty label, a name that ``classes`` lacks, or labels that are
            neither indices nor names.
    """
    if isinstance(classes, str) or (classes and len(set(classes)) < len(classes)):
        raise UsageError(f"files: option 'classes' is {classes!r}, expected a list of different names")
    where = f"files: {table.where}: target: column {target!r}"
    values = filled(table, "target", target)
    if values.dtype.kind == "U" and values.ndim == 1:
        return _numbered(values, list(classes or sorted(set(values.tolist()))), where)
    if values.dtype.kind not in "bui" or values.ndim not in (1, 3):
        raise UsageError(
            f"{where} holds {values.dtype} of shape {values.shape}, expected class indices or names, one a sample"
        )
    names = classes or table.classes(target) or _counted(values, ignore_label, where)
    return values.astype(np.int64), [str(name) for name in names]


def sample_ids(table: Table, name: str | None, rows: int) -> Array:
    """The column of ids, or the row numbers.

    Raises:
        UsageError: ids that are no integers, or not unique.
    """
    if name is None:
        return np.arange(rows)
    ids = filled(table, "id", name)
    if ids.shape != (rows,) or ids.dtype.kind not in "iu":
        raise UsageError(f"files: {table.where}: id: column {name!r} must hold one integer for each of {rows} samples")
    values, counts = np.unique(ids, return_counts=True)
    if (counts > 1).any():
        raise UsageError(f"files: {table.where}: id: column {name!r} has {values[counts > 1][0]} more than once")
    return ids.astype(np.int64)


def given_splits(table: Table, split: str | None, target: str, meanings: Mapping[Any, str | None] | None) -> Array:
    """The position in ``SPLITS`` of the split that the data gives each row of ``target``: train if none, -1 left out.

    Raises:
        UsageError: a split that nobody knows, or not one for each row.
    """
    rows = len(filled(table, "target", target))
    given = table.splits(target) if split is None else filled(table, "split", split)
    if given is None:
        return np.zeros(rows, np.int64)
    if given.shape != (rows,):
        raise UsageError(f"files: {table.where}: split: shape {given.shape}, but target {target!r} has {rows} samples")
    return _positions(given, _meanings(meanings), f"files: {table.where}: split")


def complete_splits(assignment: Array, targets: Array, ids: Array, shares: Mapping[str, float], seed: int) -> Array:
    """Hold the splits that the data does not have out of train, by class (dense targets: as one class).

    Raises:
        UsageError: a share out of range.
    """
    lacking = {name: share for name, share in shares.items() if not (assignment == SPLITS.index(name)).any()}
    train = np.flatnonzero(assignment == SPLITS.index("train"))
    strata = targets[train] if targets.ndim == 1 else np.zeros(len(train), np.int64)
    completed = assignment.copy()
    completed[train] = hold_out(ids[train], strata, lacking, seed)
    return completed


def _numbered(values: Array, classes: list[str], where: str) -> tuple[Array, list[str]]:
    position = {name: index for index, name in enumerate(classes)}
    for value in sorted(set(values.tolist())):
        if value not in position:
            raise UsageError(f"{where}: {unknown('class', value, classes)}")
    return np.array([position[value] for value in values.tolist()], np.int64), classes


def _counted(values: Array, ignore_label: int, where: str) -> list[str]:
    """The numbers, where class indices have no names."""
    counted = values[values != ignore_label]
    classes = int(counted.max(initial=0)) + 1
    if classes > values.size:
        raise UsageError(f"{where} has label {classes - 1}, more than samples: class indices run from 0")
    return [str(label) for label in range(classes)]


def _meanings(names: Mapping[Any, str | None] | None) -> dict[str, str | None]:
    """What each of the data's names of a split means."""
    if names is None:
        return {name: name for name in SPLITS}
    if not isinstance(names, Mapping):
        raise UsageError(f"files: option 'splits' is {names!r}, expected a mapping of the data's names to splits")
    for meaning in names.values():
        if meaning is not None and meaning not in SPLITS:
            raise UsageError(f"files: option 'splits': {unknown('split', str(meaning), SPLITS)}")
    return {str(name): meaning for name, meaning in names.items()}


def _positions(given: Array, meanings: Mapping[str, str | None], where: str) -> Array:
    position = {name: -1 if meaning is None else SPLITS.index(meaning) for name, meaning in meanings.items()}
    for name in sorted({str(value) for value in given.tolist()}):
        if name not in position:
            raise UsageError(f"{where}: {unknown('split', name, position)} (option 'splits' says what a name means)")
    return np.array([position[str(value)] for value in given.tolist()], np.int64)
