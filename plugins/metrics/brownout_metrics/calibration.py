"""Likelihood and calibration."""

from __future__ import annotations

from typing import Literal

import numpy as np
from scipy.special import log_softmax, softmax

from brownout_metrics.predictions import rowwise
from brownout_registry import Stored, UsageError


def nll(stored: Stored) -> float:
    """Mean negative log likelihood of the targets under ``softmax(logits)``, in nats.

    Through log-sum-exp with the largest logit taken out, so that no logit overflows.

    Raises:
        UsageError: see `brownout_metrics.predictions.blocks`.

    Example:
        >>> logits = np.array([[0, 0], [1000, 0]], np.float32)
        >>> round(nll(Stored(np.arange(2), np.array([1, 0]), logits, np.ones((2, 1), bool), ("all",))), 4)
        0.3466
    """
    likelihoods = rowwise(stored, lambda targets, logits: log_softmax(logits, axis=1)[np.arange(len(targets)), targets])
    return float(-likelihoods.mean())


def ece(stored: Stored, *, bins: int = 15, binning: Literal["equal-width", "adaptive"] = "equal-width") -> float:
    """Expected calibration error: ``sum_b |B_b|/N |acc(B_b) - conf(B_b)|`` (Guo et al. 2017, eq. 3).

    Confidence is the largest probability of ``softmax(logits)``; empty bins count nothing.

    Args:
        stored: the predictions of one cell.
        bins: how many.
        binning: ``equal-width``: bin b is ((b-1)/bins, b/bins]; ``adaptive``: bins of equal counts in the
            order of confidence; equal confidences stay together, at the middle of their ranks.

    Raises:
        UsageError: no bins, or see `brownout_metrics.predictions.blocks`.

    Example:
        >>> logits = np.log(np.array([[0.8, 0.2], [0.8, 0.2]]))
        >>> round(ece(Stored(np.arange(2), np.array([0, 1]), logits, np.ones((2, 1), bool), ("all",))), 4)
        0.3
    """
    if bins < 1:
        raise UsageError(f"bins is {bins}, expected 1 or more")
    confidence, right = rowwise(stored, _confidences).T
    places = _equal_width(confidence, bins) if binning == "equal-width" else _adaptive(confidence, bins)
    gaps = np.bincount(places, weights=right - confidence)
    return float(np.abs(gaps).sum() / len(confidence))


def _confidences(targets: np.ndarray, logits: np.ndarray) -> np.ndarray:
    """Largest probability, and 1 where its class is the target's, ``[n, 2]``."""
    confidence = softmax(logits, axis=1).max(axis=1)
    return np.stack([confidence, logits.argmax(axis=1) == targets], axis=1)


def _equal_width(confidence: np.ndarray, bins: int) -> np.ndarray:
    return np.searchsorted(np.arange(1, bins) / bins, confidence, side="left")


def _adaptive(confidence: np.ndarray, bins: int) -> np.ndarray:
    ranked = np.sort(confidence)
    twice_rank = np.searchsorted(ranked, confidence, side="left") + np.searchsorted(ranked, confidence, side="right")
    return twice_rank * bins // (2 * len(confidence))
