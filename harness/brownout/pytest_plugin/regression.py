"""Whether a score is worse or better than a stored one."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, Literal

import numpy as np

from brownout.pytest_plugin.baseline import correct, unpacked
from brownout.report.jackknife import GROUPS, samples
from brownout_registry import Stored, catalogue, resolve

LEVEL = 0.01
"""Of the one-sided sign test: a suite has many cells, and chance must not fail one of them every day."""


@dataclass(frozen=True)
class Change:
    """A score against its stored value; ``why`` says how the verdict came about."""

    verdict: Literal["better", "worse", "same"]
    why: str


def change(
    now: float,
    before: float,
    stored: Stored,
    cell: dict[str, Any],
    metric: Callable[[Stored], float],
    tolerance: float,
    *,
    higher_is_better: bool,
) -> Change:
    """Compare one cell's score with the baseline's.

    Where the score is the share of correct samples and the baseline says which ones were, with the exact sign test
    on the samples that were lost and won (McNemar 1947); a loss must exceed ``tolerance`` as well. Otherwise a change
    counts if it exceeds ``tolerance`` (a gain: 0) plus two standard errors of a difference.

    Args:
        now: the score.
        before: the stored one.
        stored: the predictions behind ``now``.
        cell: the baseline's entry.
        metric: of the score.
        tolerance: a loss that passes.
        higher_is_better: the metric's direction.
    """
    gain = (now - before) if higher_is_better else (before - now)
    pair = _pair(now, before, stored, cell)
    if gain == 0:
        return Change("same", "")
    if pair:
        lost, won = int((pair[0] & ~pair[1]).sum()), int((~pair[0] & pair[1]).sum())
        p = sign_test(lost, won) if gain < 0 else sign_test(won, lost)
        why = f"{lost} samples lost, {won} won, p = {p:.2g}"
        significant = p < LEVEL
    else:
        band = 2 * math.sqrt(2) * standard_error(metric, stored)
        why = f"two standard errors are {band:.4f}"
        significant = abs(gain) > band + (tolerance if gain < 0 else 0)
    if not significant or -tolerance <= gain < 0:
        return Change("same", why)
    return Change("better" if gain > 0 else "worse", why)


def sign_test(more: int, less: int) -> float:
    """One-sided p-value that ``more`` of ``more + less`` fair coins fall on one side.

    Example:
        >>> sign_test(5, 0), sign_test(0, 0)
        (0.03125, 1.0)
    """
    from scipy.stats import binom

    return float(binom.sf(more - 1, more + less, 0.5))


def standard_error(metric: Callable[[Stored], float], stored: Stored) -> float:
    """Of a metric over test samples, by the delete-a-group jackknife; infinite where it is undefined."""
    size = len(stored.ids)
    groups = np.random.default_rng(0).permutation(size) % min(GROUPS, size)
    g = groups.max() + 1
    found = np.array([metric(samples(stored, groups != group)) for group in range(g)]) if g > 1 else np.array([np.nan])
    if not np.isfinite(found).all():
        return math.inf
    return math.sqrt((g - 1) / g * float(((found - found.mean()) ** 2).sum()))


def metric_function(facts: Mapping[str, Any]) -> Callable[[Stored], float]:
    """The metric that ``run.json`` describes."""
    return partial(resolve(catalogue().find("metric", facts["use"]).card), **facts["options"])


def _pair(now: float, before: float, stored: Stored, cell: dict[str, Any]) -> tuple[np.ndarray, np.ndarray] | None:
    """Which samples were and are correct, if both scores are shares of correct samples."""
    ours = correct(stored)
    if ours is None or not cell.get("correct") or len(ours) != cell["samples"]:
        return None
    theirs = unpacked(cell["correct"], len(ours))
    if not math.isclose(ours.mean(), now, abs_tol=1e-9) or not math.isclose(theirs.mean(), before, abs_tol=1e-9):
        return None
    return theirs, ours
