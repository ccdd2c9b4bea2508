"""Demands on metrics: their values."""

from __future__ import annotations

from math import isfinite, isnan

import numpy as np

from brownout.conformance.demands import demand
from brownout.conformance.demands.metric_cases import CLASSES, Case, chosen, predictions
from brownout.conformance.kit import NotApplicable, Subject

TOLERANCE = 1e-6


def perfect_beats_worst(subject: Subject) -> None:
    """Of confident logits that are all right and all wrong."""
    case, compared = Case(subject), False
    if case.card.needs:
        raise NotApplicable(f"it is made of {', '.join(case.card.needs)}, not of logits alone")
    for classes in CLASSES:
        perfect, worst = (case.value(predictions(classes, right)) for right in (1.0, 0.0))
        if isnan(perfect) or isnan(worst):
            continue
        compared, better = True, perfect > worst if case.card.higher_is_better else perfect < worst
        word = "higher" if case.card.higher_is_better else "lower"
        demand(better, f"perfect predictions have {perfect:g}, wrong ones {worst:g}, but {word} is better on its card")
        best = case.card.range[1 if case.card.higher_is_better else 0]
        at_end = not isfinite(best) or abs(perfect - best) < TOLERANCE
        demand(at_end, f"perfect predictions have {perfect:g}, the card's range ends at {best:g}")
    if not compared:
        raise NotApplicable("it is undefined on two and on four classes")


def within_range(subject: Subject) -> None:
    """Of right, wrong and mixed predictions."""
    case = Case(subject)
    low, high = case.card.range
    for stored in case.samples():
        value = case.value(stored)
        inside = low - TOLERANCE <= value <= high + TOLERANCE
        demand(inside, f"gave {value:g}, the card's range is {low:g} to {high:g}")


def order_does_not_matter(subject: Subject) -> None:
    """Up to rounding of sums."""
    case = Case(subject)
    for stored in case.samples():
        one = case.value(stored)
        for order in (np.arange(len(stored.ids))[::-1], np.random.default_rng(1).permutation(len(stored.ids))):
            other = case.value(chosen(stored, order))
            demand(bool(np.isclose(one, other, rtol=TOLERANCE)), f"{one!r}, in another order {other!r}")
