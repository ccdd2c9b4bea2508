"""Summaries: one number from the scores of one method, dataset, training seed and metric.

A summary never compares with stored results of other methods, so it does not change when another method
joins the run. Where it is undefined it is NaN.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from itertools import pairwise
from math import isnan, nan
from statistics import fmean
from typing import Literal

from brownout_registry import Score, UsageError, unknown

KINDS = ("clean", "missing", "corruption", "attack", "missing+corruption", "missing+attack")
SHIFTS = ("missing", "corruption", "missing+corruption")


def mean(scores: Sequence[Score], higher_is_better: bool, *, kinds: Sequence[str] = KINDS) -> float:
    """Mean over conditions, by default over every one, attacks among them.

    Args:
        scores: one for each condition.
        higher_is_better: not used: a mean has no direction.
        kinds: kinds of conditions that count.

    Raises:
        UsageError: an unknown kind.

    Example:
        >>> mean(_example(), True)
        0.65
        >>> mean(_example(), True, kinds=("missing",))
        0.5
    """
    return _mean(each.value for each in _of(scores, kinds))


def worst(scores: Sequence[Score], higher_is_better: bool, *, kinds: Sequence[str] = KINDS) -> float:
    """The worst cell: the smallest value where higher is better, else the largest.

    By default the worst of all cells, under attack or not.

    Args:
        scores: one for each condition.
        higher_is_better: the metric's direction.
        kinds: kinds of conditions that count.

    Raises:
        UsageError: an unknown kind.

    Example:
        >>> worst(_example(), True), worst(_example(), False)
        (0.4, 0.9)
    """
    values = [each.value for each in _of(scores, kinds)]
    if not values or any(map(isnan, values)):
        return nan
    return min(values) if higher_is_better else max(values)


def relative_drop(scores: Sequence[Score], higher_is_better: bool, *, kinds: Sequence[str] = SHIFTS) -> float:
    """Share of the clean score that is lost: ``(M_clean - mean_p M_p) / M_clean`` (MMI, Qiu et al. 2022).

    Where lower is better the share by which the score grows, ``(mean_p M_p - M_clean) / M_clean``, so
    that larger is always worse. NaN without a clean or a perturbed score, or where the clean one is not
    positive. By default attacks do not count: MMI is a mean over common perturbations, the same for every
    method, and an attack looks for each method's worst.

    Args:
        scores: one for each condition.
        higher_is_better: the metric's direction.
        kinds: kinds of conditions that count as perturbed.

    Raises:
        UsageError: an unknown kind, or ``clean`` among them.

    Example:
        >>> round(relative_drop(_example(), True, kinds=("corruption",)), 4)
        0.3333
    """
    if "clean" in kinds:
        raise UsageError("summary 'relative-drop': kinds holds 'clean', which is what the others are compared with")
    clean, perturbed = _clean(scores), mean(scores, higher_is_better, kinds=kinds)
    if not clean > 0:
        return nan
    return (clean - perturbed) / clean if higher_is_better else (perturbed - clean) / clean


def missing_mean(
    scores: Sequence[Score], higher_is_better: bool, *, over: Literal["patterns", "rates"] = "patterns"
) -> float:
    """Mean over missing patterns, with the complete one (clean) among them.

    ``1/(2^V - 1) sum_S M_S`` when the protocol holds all patterns (Wei et al. 2024); ``rates`` instead
    averages over random missing rates, 0 (clean) among them. Neither corruptions nor attacks count.

    Args:
        scores: one for each condition.
        higher_is_better: not used: a mean has no direction.
        over: missing patterns, or random rates (conditions that have a level).

    Example:
        >>> missing_mean(_example(), True)
        0.7
    """
    rates = over == "rates"
    chosen = [each.value for each in _of(scores, ("missing",)) if (each.condition.level is not None) == rates]
    return _mean([_clean(scores), *chosen]) if chosen else nan


def corruption_mean(scores: Sequence[Score], higher_is_better: bool) -> float:
    """Mean over corruptions of the mean over severities: ``1/C sum_c 1/S sum_s M_cs`` (mPC, Michaelis et al. 2019).

    For an error this is the unnormalised mCE. Each corruption counts the same, however many severities
    it has. Neither attacks nor corruptions under missing patterns count.

    Example:
        >>> round(corruption_mean(_example(), True), 4)
        0.6
    """
    groups = _groups(_of(scores, ("corruption",)))
    return _mean(fmean(each.value for each in group) for group in groups)


def severity_area(scores: Sequence[Score], higher_is_better: bool, *, kinds: Sequence[str] = ("corruption",)) -> float:
    """Area under the score over the severity index, clean at 0, by trapezoids, divided by its length.

    Averaged over groups, so in the metric's own unit: a method that no severity hurts has its clean
    score. The axis is the index 0, 1, ..., S, not the physical parameter. MultiBench's relative
    robustness (Liang et al. 2021) without its normalisation by other methods' scores, by default over
    corruptions alone, as there; budgets of an attack are severities too, and count where `kinds` has it.

    Args:
        scores: one for each condition.
        higher_is_better: not used: an area has no direction.
        kinds: kinds of conditions whose groups count; those without a severity do not.

    Raises:
        UsageError: an unknown kind.

    Example:
        >>> round(severity_area(_example(), True), 4)
        0.725
    """
    clean = _clean(scores)
    groups = _groups(each for each in _of(scores, kinds) if each.condition.severity > 0)
    return _mean(_area([(0, clean), *((each.condition.severity, each.value) for each in group)]) for group in groups)


def _area(curve: list[tuple[int, float]]) -> float:
    curve = sorted(curve)
    area = sum((right - left) * (low + high) / 2 for (left, low), (right, high) in pairwise(curve))
    return area / curve[-1][0]


def _of(scores: Sequence[Score], kinds: Sequence[str]) -> list[Score]:
    for kind in kinds:
        if kind not in KINDS:
            raise UsageError(f"summary: kinds: {unknown('kind of condition', kind, KINDS)}")
    return [each for each in scores if each.condition.kind in kinds]


def _clean(scores: Sequence[Score]) -> float:
    return _mean(each.value for each in scores if each.condition.kind == "clean")


def _groups(scores: Iterable[Score]) -> list[list[Score]]:
    groups: dict[str, list[Score]] = defaultdict(list)
    for each in scores:
        groups[each.condition.group].append(each)
    return list(groups.values())


def _mean(values: Iterable[float]) -> float:
    numbers = list(values)
    return fmean(numbers) if numbers else nan


def _example() -> list[Score]:
    """Clean .9; noise .8 and .4 at severities 1 and 2; one missing pattern .5."""
    from brownout_registry import ConditionFacts

    facts = [
        (ConditionFacts("clean", "clean", "clean"), 0.9),
        (ConditionFacts("noise s1", "noise", "corruption", 1, 0.1), 0.8),
        (ConditionFacts("noise s2", "noise", "corruption", 2, 0.2), 0.4),
        (ConditionFacts("without audio", "without audio", "missing"), 0.5),
    ]
    return [Score("method", "data", 0, condition, "accuracy", value) for condition, value in facts]
