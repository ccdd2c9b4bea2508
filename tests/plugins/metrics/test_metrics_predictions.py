"""Metrics against scikit-learn, values by hand, and what must not matter."""

from __future__ import annotations

import subprocess
import sys
import warnings
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.special import softmax
from sklearn.metrics import accuracy_score, balanced_accuracy_score, f1_score, log_loss

from brownout_metrics import plugin, predictions
from brownout_metrics.calibration import ece, nll
from brownout_metrics.classification import accuracy, macro_f1, unweighted_accuracy
from brownout_registry import Stored, UsageError, bind_options, resolve

METRICS = {card.name: resolve(card) for card in plugin.brownout_metrics()}
each_metric = pytest.mark.parametrize("metric", METRICS.values(), ids=list(METRICS))


def stored(targets, logits, **facts) -> Stored:
    targets, logits = np.asarray(targets, np.int64), np.asarray(logits)
    return Stored(np.arange(len(targets)), targets, logits, np.ones((len(targets), 1), bool), ("all",), **facts)


@st.composite
def cells(draw) -> Stored:
    samples, classes = draw(st.integers(1, 40)), draw(st.integers(2, 6))
    logits = draw(arrays(np.float32, (samples, classes), elements=st.floats(-60, 60, width=32)))
    return stored(draw(arrays(np.int64, samples, elements=st.integers(0, classes - 1))), logits)


@given(cells())
def test_the_same_as_scikit_learn(cell):
    predicted, classes = cell.logits.argmax(1), range(cell.logits.shape[1])
    assert accuracy(cell) == pytest.approx(accuracy_score(cell.targets, predicted))
    assert macro_f1(cell) == pytest.approx(f1_score(cell.targets, predicted, average="macro", zero_division=0))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # scikit-learn's, of classes that are predicted but never true
        assert unweighted_accuracy(cell) == pytest.approx(balanced_accuracy_score(cell.targets, predicted))
    probabilities = softmax(cell.logits.astype(np.float64), axis=1)
    assert nll(cell) == pytest.approx(_log_loss(cell.targets, probabilities, classes), rel=1e-6, abs=1e-9)


def _log_loss(targets, probabilities, classes):
    """scikit-learn clips at the smallest double step, so only where it need not."""
    if probabilities[np.arange(len(targets)), targets].min() < 1e-15:
        return -np.log(probabilities[np.arange(len(targets)), targets]).mean()
    return log_loss(targets, probabilities, labels=list(classes))


@each_metric
@given(cells(), st.randoms())
def test_the_order_of_samples_does_not_matter(metric, cell, random):
    order = np.array(random.sample(range(len(cell.ids)), len(cell.ids)))
    shuffled = replace(cell, ids=cell.ids[order], targets=cell.targets[order], logits=cell.logits[order])
    assert metric(shuffled) == pytest.approx(metric(cell), abs=1e-12)


@each_metric
@given(cell=cells(), block=st.integers(1, 30))
def test_blocks_do_not_matter(metric, cell, block):
    whole = metric(cell)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(predictions, "BLOCK", block)
        assert metric(cell) == pytest.approx(whole, abs=1e-12)


@each_metric
def test_dense_targets_count_pixels_and_leave_out_the_ignore_label(metric):
    generator = np.random.default_rng(0)
    logits, targets = generator.normal(size=(6, 4, 3, 5)).astype(np.float32), generator.integers(0, 4, (6, 3, 5))
    targets[generator.random(targets.shape) < 0.3] = 255
    counted = targets.reshape(-1) != 255
    flat = np.moveaxis(logits, 1, -1).reshape(-1, 4)[counted]
    expected = metric(stored(targets.reshape(-1)[counted], flat))
    assert metric(stored(targets, logits, ignore_label=255)) == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize(
    ("metric", "expected"),
    [(accuracy, 3 / 5), (unweighted_accuracy, (2 / 3 + 1 / 2) / 2), (macro_f1, (4 / 5 + 2 / 3 + 0) / 3)],
)
def test_by_hand(metric, expected):
    """Targets 0 0 0 1 1, predictions 0 0 2 1 2 -> F1 of 0: 4/5, of 1: 2/3, of 2 (never true): 0; 3 never occurs."""
    assert metric(stored([0, 0, 0, 1, 1], np.eye(4)[[0, 0, 2, 1, 2]])) == pytest.approx(expected)


def test_likelihood_is_stable():
    assert nll(stored([0, 1], np.float32([[3e38, -3e38], [-3e38, 3e38]]))) == 0
    assert nll(stored([1], np.float32([[2000, 0]]))) == 2000
    assert nll(stored([0], np.zeros((1, 7)))) == pytest.approx(np.log(7))


def logits_of(confidences) -> np.ndarray:
    return np.log(np.stack([confidences, 1 - np.asarray(confidences)], axis=1))


def test_calibration_by_hand():
    cell = stored([0, 0, 1, 0], logits_of([0.9, 0.9, 0.9, 0.6]))
    assert ece(cell) == pytest.approx(3 / 4 * abs(2 / 3 - 0.9) + 1 / 4 * abs(1 - 0.6))
    assert ece(cell, bins=1) == pytest.approx(abs(3 / 4 - 3.3 / 4))
    assert ece(cell, bins=2, binning="adaptive") == pytest.approx(1 / 4 * abs(1 - 0.6) + 3 / 4 * abs(2 / 3 - 0.9))


def test_calibration_uses_probabilities_and_reaches_its_ends():
    assert ece(stored([0, 1], [[1000, 0], [0, 1000]])) == 0
    assert ece(stored([1, 0], [[1000, 0], [0, 1000]])) == 1


def test_bins_are_closed_above():
    """Of two bins 1/2 belongs to the lower, so that the gaps +.5 and -.51 do not cancel."""
    cell = stored([0, 1], logits_of([0.5, 0.51]))
    assert ece(cell, bins=2) == pytest.approx((0.5 + 0.51) / 2)
    assert ece(cell, bins=1) == pytest.approx((0.51 - 0.5) / 2)


def test_adaptive_bins_hold_equal_counts():
    confidence = np.linspace(0.5, 0.99, 20)
    cell = stored([0, 1] * 10, logits_of(confidence))
    right = np.array([1, 0] * 10)
    expected = np.abs((right - confidence).reshape(4, 5).sum(1)).sum() / 20
    assert ece(cell, bins=4, binning="adaptive") == pytest.approx(expected)


def test_a_calibrated_model_has_no_error_to_speak_of():
    generator = np.random.default_rng(0)
    confidence = generator.uniform(0.5, 1, 50_000)
    cell = stored(generator.random(50_000) > confidence, logits_of(confidence))
    assert ece(cell) < 0.01
    assert ece(cell, binning="adaptive") < 0.01
    overconfident = replace(cell, logits=3 * cell.logits)
    assert ece(overconfident) > 0.08


@each_metric
@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_logits_that_are_not_finite_are_counted(metric, bad):
    logits = np.zeros((5, 3), np.float32)
    logits[[1, 3], [0, 2]] = bad
    with pytest.raises(UsageError, match="logits of 2 of 5 samples are not finite"):
        metric(stored([0, 1, 2, 0, 1], logits))


@each_metric
def test_targets_that_cannot_be_are_refused(metric):
    with pytest.raises(UsageError, match="from -1 to 3, expected 0 to 2"):
        metric(stored([-1, 3], np.zeros((2, 3))))
    with pytest.raises(UsageError, match="no target to score"):
        metric(stored([-100, -100], np.zeros((2, 3))))
    with pytest.raises(UsageError, match="no target to score"):
        metric(stored([], np.zeros((0, 3))))


def test_no_bins_are_refused():
    with pytest.raises(UsageError, match="bins is 0"):
        ece(stored([0], np.zeros((1, 2))), bins=0)


@each_metric
@given(cell=cells())
def test_values_lie_in_the_declared_range(metric, cell):
    card = next(card for card in plugin.brownout_metrics() if resolve(card) is metric)
    assert card.range[0] <= metric(cell, **bind_options(card, {})) <= card.range[1]


def test_importing_the_plugin_imports_no_numpy():
    code = "import sys, brownout_metrics.plugin; sys.exit(bool({'numpy', 'scipy', 'sklearn'} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
