"""Worse, better or the same: the tests behind a comparison with a baseline."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest

from brownout.pytest_plugin.baseline import correct, differences, merged, packed, unpacked
from brownout.pytest_plugin.regression import change, sign_test, standard_error
from brownout_registry import Stored


def predictions(hits: np.ndarray) -> Stored:
    """Two classes, all labels 1; the samples stand in reverse order of their ids."""
    logits = np.stack([~hits, hits], 1).astype(np.float32)[::-1]
    size = len(hits)
    return Stored(np.arange(size)[::-1], np.ones(size, np.int64), logits, np.ones((size, 1), bool), ("m",))


def accuracy(stored: Stored) -> float:
    return float((stored.logits.argmax(1) == stored.targets).mean())


def hits(right: int, wrong: int) -> np.ndarray:
    return np.arange(right + wrong) < right


def compare(now: np.ndarray, before: np.ndarray, tolerance: float = 0.0, *, bits: bool = True) -> str:
    entry = {"correct": packed(before) if bits else None, "samples": len(before)}
    stored = predictions(now)
    return change(now.mean(), before.mean(), stored, entry, accuracy, tolerance, higher_is_better=True).verdict


@given(st.integers(0, 60), st.integers(0, 60))
def test_sign_test_is_the_exact_one(more: int, less: int) -> None:
    expected = binomtest(more, more + less, alternative="greater").pvalue if more + less else 1.0
    assert sign_test(more, less) == pytest.approx(expected)


@given(st.lists(st.booleans(), min_size=1, max_size=200))
def test_bits_come_back(bits: list[bool]) -> None:
    array = np.array(bits)
    assert unpacked(packed(array) or "", len(array)).tolist() == bits


def test_correct_samples_are_in_order_of_their_ids() -> None:
    found = correct(predictions(hits(2, 3)))
    assert found is not None
    assert found.tolist() == [True, True, False, False, False]


def test_too_many_samples_are_not_stored() -> None:
    assert packed(np.ones(10_001, bool)) is None


@pytest.mark.parametrize(
    ("now", "before", "verdict"),
    [
        (hits(80, 20), hits(80, 20), "same"),
        (hits(76, 24), hits(80, 20), "same"),  # 4 lost, 0 won: p = 1/16
        (hits(73, 27), hits(80, 20), "worse"),  # 7 lost, 0 won: p = 1/128
        (hits(87, 13), hits(80, 20), "better"),
        (hits(60, 40)[::-1], hits(80, 20), "worse"),  # 40 lost, 20 won
        (hits(75, 25)[::-1], hits(80, 20), "same"),  # 25 lost, 20 won
    ],
)
def test_paired_by_sample(now: np.ndarray, before: np.ndarray, verdict: str) -> None:
    assert compare(now, before) == verdict


def test_a_loss_within_the_tolerance_is_none_however_certain() -> None:
    assert compare(hits(73, 27), hits(80, 20), 0.07 + 1e-9) == "same"
    assert compare(hits(73, 27), hits(80, 20), 0.06) == "worse"


@pytest.mark.parametrize(("right", "verdict"), [(73, "same"), (55, "worse"), (97, "better")])
def test_without_pairs_two_standard_errors_count(right: int, verdict: str) -> None:
    assert compare(hits(right, 100 - right), hits(80, 20), bits=False) == verdict


def test_tolerance_widens_the_band_for_losses_alone() -> None:
    assert compare(hits(55, 45), hits(80, 20), 0.2, bits=False) == "same"
    assert compare(hits(97, 3), hits(80, 20), 0.2, bits=False) == "better"


def test_standard_error_of_a_mean() -> None:
    values = hits(300, 100)
    expected = math.sqrt(0.75 * 0.25 / 400)
    assert standard_error(accuracy, predictions(values)) == pytest.approx(expected, rel=0.5)
    assert standard_error(lambda stored: math.nan, predictions(values)) == math.inf
    assert standard_error(accuracy, predictions(values[:1])) == math.inf


def test_sections_that_differ_are_not_merged() -> None:
    protocol = {"name": "p", "version": "1", "seed": 0, "means": "absent", "empty": "refuse"}
    old = {"protocol": protocol, "data": {"d": "1"}, "limit": None, "cells": {"a": 1, "b": 2}}
    new = {**old, "cells": {"b": 3}}
    assert merged(old, new, whole=False)["cells"] == {"a": 1, "b": 3}
    assert merged(old, new, whole=True)["cells"] == {"b": 3}
    assert merged(old, {**new, "data": {"d": "2"}}, whole=False)["cells"] == {"b": 3}
    assert list(differences(old, {**new, "protocol": {**protocol, "seed": 1}})) == [
        "protocol seed is 1, in the baseline 0"
    ]
