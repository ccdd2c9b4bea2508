"""Each check of metrics and of summaries catches one that violates it, and passes one that does not."""

from __future__ import annotations

from math import nan
from statistics import fmean

import numpy as np
import pytest

from brownout.conformance import metrics, summaries
from brownout_registry import MetricCard, SummaryCard, UsageError

HIGHER = {"higher_is_better": True, "range": (0.0, 1.0)}
LOWER = {"higher_is_better": False, "range": (0.0, 1.0)}


def right(stored):
    counted = stored.targets != stored.ignore_label
    if not counted.any():
        raise UsageError("there is nothing to score")
    return (stored.logits.argmax(1) == stored.targets)[counted]


def share(stored):
    return float(right(stored).mean())


def percent(stored):
    return 100 * share(stored)


def half(stored):
    return share(stored) / 2


def first(stored):
    return float(right(stored)[0])


def array(stored):
    return right(stored).mean(keepdims=True)


def sorts(stored):
    value = share(stored)
    stored.targets.sort()
    return value


def drawn():
    calls = []

    def metric(stored):
        calls.append(stored)
        return share(stored) / len(calls)

    return metric


def crashes_on_nothing(stored):
    return float((stored.logits.argmax(1) == stored.targets).mean()) if stored.logits.argmax(1).max() >= 0 else nan


def one_on_nothing(stored):
    return float(np.mean(right(stored))) if (stored.targets != stored.ignore_label).any() else 1.0


def indexes_weights(stored):
    return float(stored.weights["audio"].mean()) if len(stored.ids) else nan


def makes_up_weights(stored):
    weights = stored.weights.get("audio", np.ones(len(stored.ids)))
    return float(weights.mean()) if len(weights) and stored.present[:, 0].any() else nan


def weight(stored):
    if "audio" not in stored.weights or not len(stored.ids):
        return nan
    return float(stored.weights["audio"].mean())


def bound(stored):
    return float(stored.diagnostics["bound"].mean()) if "bound" in stored.diagnostics and len(stored.ids) else nan


VIOLATORS = [
    ("perfect-beats-worst", share, LOWER, "lower is better on its card"),
    ("perfect-beats-worst", half, HIGHER, "the card's range ends at 1"),
    ("within-range", percent, HIGHER, "the card's range is 0 to 1"),
    ("within-range", array, HIGHER, "gave ndarray, expected float"),
    ("order-does-not-matter", first, HIGHER, "in another order"),
    ("is-pure", sorts, HIGHER, "it changed targets"),
    ("is-pure", drawn(), HIGHER, "called again"),
    ("refuses-or-nan", crashes_on_nothing, HIGHER, "no samples: "),
    ("refuses-or-nan", one_on_nothing, HIGHER, "no samples: gave 1"),
    ("refuses-or-nan", indexes_weights, HIGHER | {"needs": ("weights",)}, "no optional field: KeyError"),
    ("needs-are-honest", makes_up_weights, HIGHER | {"needs": ("weights",)}, "without weights it gives 1"),
    ("needs-are-honest", share, HIGHER | {"needs": ("confidence",)}, "needs ['confidence']"),
]


@pytest.mark.parametrize(("check", "violator", "facts", "why"), VIOLATORS, ids=[each[3] for each in VIOLATORS])
def test_a_metric_that_violates_is_caught(check, violator, facts, why, caught):
    assert why in caught(check, MetricCard, violator, **facts)


@pytest.mark.parametrize(
    ("metric", "needs"),
    [(share, ()), (weight, ("weights",)), (bound, ("diagnostics",))],
    ids=["plain", "weights", "any"],
)
def test_a_metric_that_holds_all_passes_all(metric, needs, register, failed):
    assert failed(register(MetricCard, metric, needs=needs, **HIGHER)) == {}


def of(scores):
    return [score.value for score in scores]


def mean(scores, higher_is_better):
    return fmean(of(scores)) if scores else nan


def total(scores, higher_is_better):
    return sum(of(scores)) if scores else nan


def last(scores, higher_is_better):
    return of(scores)[-1] if scores else nan


def empties(scores, higher_is_better):
    value = mean(scores, higher_is_better)
    scores.clear()
    return value


def zero_of_nothing(scores, higher_is_better):
    return mean(scores, higher_is_better) if scores else 0.0


def leaves_nan_out(scores, higher_is_better):
    return float(np.nanmean(of(scores))) if scores else nan


SUMMARIES = [
    ("equal-scores", total, "in the unit of the metric"),
    ("order-does-not-matter", last, "in another order"),
    ("is-pure", empties, "called again nan"),
    ("nan-where-undefined", zero_of_nothing, "without any score it gives 0.0"),
    ("nan-where-undefined", leaves_nan_out, "is NaN and counts, yet it gives 0.5"),
]


@pytest.mark.parametrize(("check", "violator", "why"), SUMMARIES, ids=[each[2] for each in SUMMARIES])
def test_a_summary_that_violates_is_caught(check, violator, why, caught):
    assert why in caught(check, SummaryCard, violator)


def test_a_summary_that_holds_all_passes_all(register, failed):
    assert failed(register(SummaryCard, mean)) == {}


@pytest.mark.parametrize(
    ("checks", "violators"), [(metrics.CHECKS, VIOLATORS), (summaries.CHECKS, SUMMARIES)], ids=["metric", "summary"]
)
def test_every_check_has_a_violator(checks, violators):
    shared = {"card-complete", "import-without-torch"}
    assert {check.name for check in checks} == {name for name, *_ in violators} | shared
