"""Intervals of a metric's difference over test samples, from two sets of predictions of the same samples."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import fields, replace
from typing import Any

import numpy as np

from brownout.report.statistics import t_quantile
from brownout_registry import Stored

GROUPS = 20
Metric = Callable[[Stored], float]


def paired_replicates(metric: Metric, before: Stored, after: Stored) -> np.ndarray | None:
    """The metric's difference without each of 20 groups of samples (without each sample where there are fewer).

    The same samples form a group in every cell of a data set, so that replicates may be averaged over cells.

    Returns:
        float64 ``[g]``; None when the samples are not the same, fewer than two, or the metric is undefined.
    """
    size = len(before.ids)
    if size < 2 or not np.array_equal(before.ids, after.ids):
        return None
    groups = np.random.default_rng(0).permutation(size) % min(GROUPS, size)
    kept = [groups != group for group in range(groups.max() + 1)]
    found = np.array([metric(samples(after, rows)) - metric(samples(before, rows)) for rows in kept])
    return found if np.isfinite(found).all() else None


def half_width(replicates: np.ndarray, confidence: float = 0.95) -> float:
    r"""Half the width of the delete-a-group jackknife's interval.

    With the g replicates :math:`d_{(j)}` it is

    .. math:: t_{g-1,\,(1+c)/2} \sqrt{\frac{g-1}{g} \sum_j (d_{(j)} - \bar d_{(\cdot)})^2}

    (Efron and Tibshirani 1993, chapter 11). It holds for metrics that change smoothly with the samples, and speaks
    of other test samples under the same fitted weights, not of other training seeds.

    Args:
        replicates: float ``[g]``, g ≥ 2.
        confidence: c.

    Example:
        >>> round(half_width(np.array([0.1, 0.2, 0.3])), 3)
        0.497
    """
    g = len(replicates)
    spread = math.sqrt((g - 1) / g * float(((replicates - replicates.mean()) ** 2).sum()))
    return t_quantile((1 + confidence) / 2, g - 1) * spread


def samples(stored: Stored, rows: np.ndarray) -> Stored:
    """The predictions of some samples."""
    plain = {"modalities", "ignore_label"}
    return replace(
        stored,
        **{each.name: _rows(getattr(stored, each.name), rows) for each in fields(stored) if each.name not in plain},
    )


def _rows(values: Any, rows: np.ndarray) -> Any:
    if isinstance(values, Mapping):
        return {name: each[rows] for name, each in values.items()}
    return None if values is None else values[rows]
