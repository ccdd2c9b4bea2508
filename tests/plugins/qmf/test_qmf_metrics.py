"""Metrics of weights and unimodal losses."""

from __future__ import annotations

import numpy as np
import pytest

from brownout_qmf.metrics import term_cov, term_l, weight_loss_correlation
from brownout_qmf.plugin import brownout_metrics
from brownout_qmf.theory import pearson, theorem1_terms
from brownout_registry import Stored, UsageError

METRICS = [weight_loss_correlation, term_l, term_cov]
NAMES = ("audio", "image.left")


def stored(size=40, seed=0, present=None, targets=None, **fields):
    random = np.random.default_rng(seed)
    there = np.ones((size, 2), bool) if present is None else present
    labels = random.integers(0, 3, size)
    unimodal = {name: random.normal(size=(size, 3)).astype(np.float32) for name in NAMES}
    weights = {name: random.random(size).astype(np.float32) for name in NAMES}
    given = {"unimodal": unimodal, "weights": weights, **fields}
    return Stored(np.arange(size), labels if targets is None else targets, np.zeros((size, 3)), there, NAMES, **given)


def loss_of(cell, name):
    logits = cell.unimodal[name].astype(float)
    p = np.exp(logits) / np.exp(logits).sum(1, keepdims=True)
    return -np.log(p[np.arange(len(p)), cell.targets])


def test_they_are_those_of_the_cross_entropy():
    cell = stored()
    r = [np.corrcoef(cell.weights[name], loss_of(cell, name))[0, 1] for name in NAMES]
    assert [weight_loss_correlation(cell, modality=name) for name in NAMES] == pytest.approx(r)
    assert weight_loss_correlation(cell) == pytest.approx(np.mean(r))
    w, losses = ([each[name] if isinstance(each, dict) else each(cell, name) for name in NAMES]
                 for each in (cell.weights, loss_of))  # fmt: skip
    assert term_l(cell) == pytest.approx(sum(a.mean() * b.mean() for a, b in zip(w, losses, strict=True)), rel=1e-6)
    expected = sum(np.cov(a, b)[0, 1] for a, b in zip(w, losses, strict=True))
    assert term_cov(cell, covariance="sample") == pytest.approx(expected)
    assert term_cov(cell) == pytest.approx(expected * 39 / 40)


@pytest.mark.parametrize("metric", METRICS)
def test_only_samples_in_which_a_modality_is_present_count(metric):
    present = np.ones((40, 2), bool)
    present[:10, 0], present[25:, 1] = False, False
    cell = stored(present=present)
    spoilt = stored(present=present)
    for column, name in enumerate(NAMES):
        spoilt.weights[name][~present[:, column]] = np.nan
        spoilt.unimodal[name][~present[:, column]] = np.inf
    assert metric(spoilt) == metric(cell) != metric(stored())


@pytest.mark.parametrize("metric", METRICS)
def test_ignored_labels_do_not_count(metric):
    whole = stored()
    cell = stored(targets=np.where(np.arange(40) < 9, -100, whole.targets))
    rest = Stored(
        whole.ids[9:], whole.targets[9:], whole.logits[9:], whole.present[9:], NAMES,
        unimodal={name: each[9:] for name, each in whole.unimodal.items()},
        weights={name: each[9:] for name, each in whole.weights.items()},
    )  # fmt: skip
    assert metric(cell) == pytest.approx(metric(rest))


def test_a_modality_that_is_absent_everywhere_is_left_out():
    present = np.tile([True, False], (40, 1))
    cell = stored(present=present)
    assert weight_loss_correlation(cell) == weight_loss_correlation(cell, modality="audio")
    assert np.isnan(weight_loss_correlation(cell, modality="image.left"))
    only = stored(weights={"audio": cell.weights["audio"]})
    assert term_l(cell) == term_l(only)
    assert term_cov(cell) == term_cov(only)


def test_static_weights_have_no_correlation_and_no_covariance():
    cell = stored(weights={name: np.full(40, 1 / 3, np.float32) for name in NAMES})
    assert np.isnan(weight_loss_correlation(cell))
    assert term_cov(cell) == pytest.approx(0, abs=1e-12)
    half = stored(weights={"audio": np.full(40, 0.5), "image.left": stored().weights["image.left"]})
    assert weight_loss_correlation(half) == weight_loss_correlation(stored(), modality="image.left")


def test_weights_of_several_elements_are_averaged():
    cell = stored()
    wide = {name: np.stack([each - 0.25, each + 0.25], axis=1) for name, each in cell.weights.items()}
    for metric in METRICS:
        assert metric(stored(weights=wide)) == pytest.approx(metric(cell), rel=1e-5)


@pytest.mark.parametrize("metric", METRICS)
def test_without_weights_losses_samples_or_single_labels_there_is_no_value(metric):
    assert np.isnan(metric(stored(weights={})))
    assert np.isnan(metric(stored(unimodal={})))
    assert np.isnan(metric(stored(present=np.zeros((40, 2), bool))))
    assert np.isnan(metric(stored(targets=np.zeros((40, 2, 2), int))))


def test_one_sample_is_too_few():
    present = np.zeros((40, 2), bool)
    present[0, 0] = True
    cell = stored(present=present)
    assert np.isnan(weight_loss_correlation(cell))
    assert np.isnan(term_cov(cell, covariance="sample"))
    assert term_cov(cell) == 0


def test_a_perfect_line_does_not_leave_its_range():
    w = np.array([0.1, 0.2, 0.3, 0.7])
    assert pearson(w, -3 * w + 1) == pytest.approx(-1)
    assert pearson(w, -3 * w + 1) >= -1
    assert np.isnan(pearson(w, np.ones(4)))
    constant = np.full(3, 0.1)
    assert np.var(constant) > 0, "rounding alone must not make a correlation"
    assert np.isnan(pearson(constant, np.arange(3.0)))


def test_complexity_needs_numbers_that_nobody_has():
    assert np.isnan(theorem1_terms([np.ones(3)], [np.ones(3)]).term_c)


def test_mistakes_are_answered():
    with pytest.raises(UsageError, match=r"'weight-loss-correlation'.*unknown modality 'audoi'; did you mean 'audio'"):
        weight_loss_correlation(stored(), modality="audoi")
    with pytest.raises(UsageError, match="metric 'term-cov', option 'covariance' is 'biased'"):
        term_cov(stored(), covariance="biased")


def test_the_cards_say_what_the_metrics_need():
    assert {card.name for card in brownout_metrics()} == {"weight-loss-correlation", "term-l", "term-cov"}
    assert all(card.needs == ("weights", "unimodal") and not card.higher_is_better for card in brownout_metrics())
