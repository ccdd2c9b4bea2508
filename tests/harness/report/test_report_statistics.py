"""Differences against scipy's paired t test."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import ttest_rel

from brownout.report.statistics import differences, paired_difference
from brownout.report.table import condensed_table

values = st.lists(st.tuples(st.floats(0, 1), st.floats(0, 1)), min_size=2, max_size=8).filter(
    lambda pairs: max(a - b for a, b in pairs) - min(a - b for a, b in pairs) > 1e-3
)


@given(pairs=values, higher=st.booleans())
def test_interval_and_verdict_equal_scipy(pairs, higher):
    ours, theirs = (dict(enumerate(side)) for side in zip(*pairs, strict=True))
    found = paired_difference(ours, theirs, higher_is_better=higher)
    test = ttest_rel(list(ours.values()), list(theirs.values()))
    low, high = test.confidence_interval(0.95)
    assert found.interval == pytest.approx((low, high), abs=1e-9)
    if abs(test.pvalue - 0.05) > 1e-6:
        assert (found.verdict != "undecided") == (test.pvalue < 0.05)
    if found.verdict != "undecided":
        assert (found.verdict == "better") == ((found.mean > 0) == higher)


def test_only_common_seeds_are_paired():
    found = paired_difference({0: 0.5, 1: 0.7, 2: 0.9}, {1: 0.6, 2: 0.7, 3: 0.1}, higher_is_better=True)
    assert (found.n, found.mean) == (2, pytest.approx(0.15))


@pytest.mark.parametrize(
    ("ours", "theirs", "reason"),
    [
        ({0: 0.5}, {0: 0.4}, "one training seed: no interval"),
        ({0: 0.5}, {1: 0.4}, "no common training seed"),
        ({0: float("inf"), 1: 1.0}, {0: 1.0, 1: 1.0}, "an infinite value"),
    ],
)
def test_without_an_interval_nothing_is_decided(ours, theirs, reason):
    found = paired_difference(ours, theirs, higher_is_better=True)
    assert (found.interval, found.verdict, found.reason) == (None, "undecided", reason)


def test_equal_methods_are_undecided():
    same = {0: 0.5, 1: 0.7}
    assert paired_difference(same, same, higher_is_better=True).verdict == "undecided"


def test_every_group_is_compared_with_the_baseline(make_run):
    base, ours = [(0.5, 0.6)] * 6, [(0.6, 0.7)] * 5 + [(None, 0.7)]
    found = differences(condensed_table(make_run({"mean": base, "qmf": ours}), "pairs", "accuracy"), "mean")
    assert list(found) == ["qmf"]
    assert [each.n for each in found["qmf"]] == [2, 2, 2, 1]
    assert found["qmf"][0].mean == pytest.approx(0.1)
