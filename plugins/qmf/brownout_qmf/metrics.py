"""Metrics of any fusion that gives weights and unimodal logits; NaN where a method does not give them."""

from __future__ import annotations

from collections.abc import Iterator
from math import nan

import numpy as np

from brownout_qmf import theory
from brownout_registry import Stored, UsageError, check_option, unknown

Pair = tuple[np.ndarray, np.ndarray]


def weight_loss_correlation(stored: Stored, *, modality: str = "mean") -> float:
    """Pearson r of a modality's weight and its unimodal cross-entropy (eq. 6, table 3), signed.

    Theorem 2 wants it negative. The paper's table 3 prints |r|.

    Args:
        stored: with weights and unimodal logits.
        modality: one of them, counted over the samples in which it is present; or ``mean`` over all for which r is
            defined. Weights of several elements per sample are averaged first.

    Returns:
        In [-1, 1]; NaN where weights or losses are constant, as in static fusion.

    Raises:
        UsageError: no modality of that name.

    Example:
        >>> stored = Stored(np.arange(3), np.zeros(3, int), np.zeros((3, 2)), np.ones((3, 1), bool), ("a",),
        ...     unimodal={"a": np.array([[3.0, 0], [1, 0], [0, 2]])}, weights={"a": np.array([0.9, 0.5, 0.1])})
        >>> round(weight_loss_correlation(stored), 3)
        -0.919
    """
    if modality != "mean" and modality not in stored.modalities:
        answer = unknown("modality", modality, ("mean", *stored.modalities))
        raise UsageError(f"metric 'weight-loss-correlation', option 'modality': {answer}")
    found = [theory.pearson(*pair) for name, pair in _pairs(stored) if modality in ("mean", name)]
    defined = [r for r in found if not np.isnan(r)]
    return float(np.mean(defined)) if defined else nan


def term_l(stored: Stored) -> float:
    r"""Term-L of theorem 1, $\sum_m E(w_m) E(l_m)$, on the test samples in which m is present.

    The theorem takes the unimodal loss on the training split; stored predictions are of the test split.

    Example:
        >>> stored = Stored(np.arange(2), np.zeros(2, int), np.zeros((2, 2)), np.ones((2, 1), bool), ("a",),
        ...     unimodal={"a": np.zeros((2, 2))}, weights={"a": np.array([0.5, 1.5])})
        >>> round(term_l(stored), 4)
        0.6931
    """
    terms = [theory.theorem1_terms([w], [loss]).term_l for _, (w, loss) in _pairs(stored)]
    return sum(terms) if terms else nan


def term_cov(stored: Stored, *, covariance: theory.Covariance = "population") -> float:
    r"""Term-Cov of theorem 1, $\sum_m Cov(w_m, l_m)$, on the test samples in which m is present; 0 if static.

    Args:
        stored: with weights and unimodal logits.
        covariance: divided by N (so that it adds up with `term_l` to $\sum_m E(w_m l_m)$) or by N - 1.

    Raises:
        UsageError: another covariance.

    Example:
        >>> stored = Stored(np.arange(2), np.zeros(2, int), np.zeros((2, 2)), np.ones((2, 1), bool), ("a",),
        ...     unimodal={"a": np.array([[2.0, 0], [0, 2]])}, weights={"a": np.array([0.5, 0.25])})
        >>> round(term_cov(stored), 4), round(term_cov(stored, covariance="sample"), 4)
        (-0.125, -0.25)
    """
    known = covariance in ("population", "sample")
    check_option(known, "metric 'term-cov'", "covariance", covariance, "population or sample")
    terms = [theory.covariance(w, loss, covariance) for _, (w, loss) in _pairs(stored)]
    return sum(terms) if terms else nan


def _pairs(stored: Stored) -> Iterator[tuple[str, Pair]]:
    """Weights and cross-entropies ``[n]`` of each modality that any sample has, which the method weighs."""
    if stored.targets.ndim != 1:
        return
    for column, name in enumerate(stored.modalities):
        rows = stored.present[:, column] & (stored.targets != stored.ignore_label)
        if name in stored.weights and name in stored.unimodal and rows.any():
            w = stored.weights[name][rows].astype(np.float64).reshape(int(rows.sum()), -1).mean(axis=1)
            yield name, (w, _cross_entropy(stored.unimodal[name][rows], stored.targets[rows]))


def _cross_entropy(logits: np.ndarray, targets: np.ndarray) -> np.ndarray:
    shifted = logits.astype(np.float64) - logits.max(axis=1, keepdims=True)
    losses: np.ndarray = np.log(np.exp(shifted).sum(axis=1)) - shifted[np.arange(len(targets)), targets]
    return losses
