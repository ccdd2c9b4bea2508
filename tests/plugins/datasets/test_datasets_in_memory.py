"""Columns, fingerprints and the dataset they make."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from brownout_datasets.columns import Column, Dense, Steps, Texts
from brownout_datasets.in_memory import from_columns
from brownout_registry import Dataset, Modality, Padded

A, B = Modality("a", "vector", (2,)), Modality("b", "text", ())
TARGETS, ASSIGNMENT = np.array([0, 1, 1, 0]), np.array([0, 0, 1, 2])


def build(**changes: object) -> Dataset:
    given = {
        "columns": {A: Dense(np.arange(8, dtype=np.float32).reshape(4, 2)), B: Texts(["w", "x", "y", "z"])},
        "targets": TARGETS,
        "classes": ["no", "yes"],
        "assignment": ASSIGNMENT,
    }
    return from_columns(**(given | changes))  # type: ignore[arg-type]


def test_splits_read_their_own_rows() -> None:
    data = build(ids=np.array([10, 20, 30, 40]))
    assert {name: split.ids.tolist() for name, split in data.splits.items()} == {
        "train": [10, 20],
        "validation": [30],
        "test": [40],
    }
    assert data.splits["train"].read("b", torch.tensor([1, 0, 1])) == ["x", "w", "x"]
    assert data.splits["test"].read("a", torch.tensor([0])).tolist() == [[6, 7]]  # type: ignore[union-attr]
    assert data.splits["validation"].targets.tolist() == [1]
    assert data.splits["train"].present.tolist() == [[True, True]] * 2


def test_left_out_samples_are_in_no_split() -> None:
    data = build(assignment=np.array([0, -1, -1, 2]))
    assert [len(split) for split in data.splits.values()] == [1, 0, 1]
    assert data.task.frequencies == (1, 0)


def test_reading_never_gives_internal_storage() -> None:
    data = build()
    first = data.splits["train"].read("a", torch.arange(2))
    first.fill_(99)  # type: ignore[union-attr]
    assert data.splits["train"].read("a", torch.arange(2)).max() == 3  # type: ignore[union-attr]


def test_an_index_stores_shared_rows_once() -> None:
    column = Dense(np.array([[0], [51], [255]], np.uint8), np.array([2, 2, 1]), 255)
    assert len(column) == 3
    assert column.read(np.array([0, 1, 2])).flatten().tolist() == pytest.approx([1, 1, 0.2])


def test_steps_are_zero_behind_their_end() -> None:
    column = Steps(Dense(np.full((2, 3), 16384, np.int16), np.array([1, 0, 1]), 32768), np.array([3, 1], np.int32))
    read = column.read(np.array([0, 1]))
    assert isinstance(read, Padded)
    assert read.values.tolist() == [[0.5, 0, 0], [0.5, 0.5, 0.5]]
    assert read.lengths.dtype == torch.int64
    assert read.lengths.tolist() == [1, 3]


def test_steps_with_features() -> None:
    column = Steps(Dense(np.ones((2, 3, 2), np.float32)), np.array([2, 3]))
    assert column.read(np.array([0])).values.tolist() == [[[1, 1], [1, 1], [0, 0]]]


def test_dense_targets() -> None:
    targets = np.array([[[0, 1], [1, 255]]] * 4)
    data = build(targets=targets, ignore_label=255)
    assert data.task.kind == "dense"
    assert data.task.frequencies == pytest.approx((1 / 3, 2 / 3))
    assert data.splits["train"].targets.shape == (2, 2, 2)


def test_same_content_same_fingerprint() -> None:
    assert build().fingerprint == build().fingerprint


def columns(dense: Column, modality: Modality = A) -> dict[str, object]:
    return {"columns": {modality: dense, B: Texts(["w", "x", "y", "z"])}}


VALUES = np.arange(8, dtype=np.float32).reshape(4, 2)


@pytest.mark.parametrize(
    "change",
    [
        columns(Dense(VALUES + np.eye(4, 2, dtype=np.float32) * 1e-6)),
        columns(Dense(VALUES, np.arange(4))),
        columns(Dense(VALUES, divisor=2)),
        columns(Dense(VALUES), replace(A, range=(0.0, 9.0))),
        columns(Steps(Dense(VALUES), np.array([2, 2, 2, 2]))),
        {"targets": np.array([0, 1, 0, 0])},
        {"assignment": np.array([0, 0, 2, 1])},
        {"ids": np.array([0, 1, 2, 4])},
        {"present": np.array([[True, True]] * 3 + [[True, False]])},
    ],
)
def test_anything_changed_changes_the_fingerprint(change: dict[str, object]) -> None:
    assert build(**change).fingerprint != build().fingerprint


def test_texts_do_not_run_together() -> None:
    one, other = (build(columns={B: Texts(texts)}) for texts in (["ab", "c", "", ""], ["a", "bc", "", ""]))
    assert one.fingerprint != other.fingerprint


def test_the_fingerprint_knows_no_byte_order() -> None:
    assert build(**columns(Dense(VALUES.astype(">f4")))).fingerprint == build().fingerprint
