"""Theorem 1 and the correlation of theorem 2 on a sample, as pure functions of arrays."""

from __future__ import annotations

from collections.abc import Sequence
from math import log, nan, sqrt
from typing import Literal, NamedTuple, TypeAlias

import numpy as np

Covariance: TypeAlias = Literal["population", "sample"]
"""Whether a covariance is divided by N or by N - 1."""


class Terms(NamedTuple):
    """What the bound of theorem 1 is the sum of (eq. 2)."""

    term_l: float
    term_c: float
    term_cov: float
    confidence: float


def covariance(w: np.ndarray, loss: np.ndarray, kind: Covariance = "population") -> float:
    """Covariance of two arrays ``[N]``; NaN with less than one sample, or two if it is divided by N - 1.

    Example:
        >>> w, loss = np.array([1.0, 2.0, 3.0]), np.array([3.0, 3.0, 0.0])
        >>> covariance(w, loss), covariance(w, loss, "sample")
        (-1.0, -1.5)
    """
    degrees = len(w) - (kind == "sample")
    return float(((w - w.mean()) * (loss - loss.mean())).sum() / degrees) if degrees > 0 else nan


def pearson(w: np.ndarray, loss: np.ndarray) -> float:
    """Pearson correlation r of two arrays ``[N]``, signed; NaN where one of them is constant.

    Example:
        >>> pearson(np.array([0.2, 0.4, 0.9]), np.array([3.0, 2.0, 0.5])), pearson(np.ones(3), np.arange(3.0))
        (-0.99186..., nan)
    """
    if len(w) < 2 or np.ptp(w) == 0 or np.ptp(loss) == 0:
        return nan
    spread = sqrt(covariance(w, w)) * sqrt(covariance(loss, loss))
    return float(np.clip(covariance(w, loss) / spread, -1, 1)) if spread > 0 else nan


def theorem1_terms(
    w: Sequence[np.ndarray],
    losses: Sequence[np.ndarray],
    *,
    rademacher: Sequence[float] | None = None,
    delta: float = 0.05,
    kind: Covariance = "population",
) -> Terms:
    r"""The terms of theorem 1 (eq. 2), expectations taken over the samples given.

    $$ \sum_m E(w_m) \hat E(f_m) + \sum_m E(w_m) R_m + \sum_m Cov(w_m, l_m) + M \sqrt{\ln(1/\delta) / 2N} $$

    Term-L and the population covariance add up to $\sum_m E(w_m l_m)$.

    Args:
        w: weights ``[N]`` of each of the M modalities.
        losses: unimodal losses ``[N]`` of each.
        rademacher: complexities $R_m$; they are not computable in practice, and without them term-C is NaN.
        delta: the bound holds with probability 1 - delta.
        kind: of covariance.

    Example:
        >>> w, losses = [np.array([0.5, 1.0])], [np.array([2.0, 1.0])]
        >>> terms = theorem1_terms(w, losses, rademacher=[0.5])
        >>> terms.term_l, terms.term_c, terms.term_cov
        (1.125, 0.375, -0.125)
    """
    means = [float(each.mean()) for each in w]
    return Terms(
        term_l=sum(mean * float(loss.mean()) for mean, loss in zip(means, losses, strict=True)),
        term_c=nan if rademacher is None else float(np.dot(means, rademacher)),
        term_cov=sum(covariance(each, loss, kind) for each, loss in zip(w, losses, strict=True)),
        confidence=len(w) * sqrt(log(1 / delta) / (2 * len(w[0]))),
    )
