"""Demands on summaries."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from math import isclose, isnan, nan
from random import Random

from brownout.conformance.demands import demand
from brownout.conformance.kit import NotApplicable, Subject
from brownout_registry import ConditionFacts, Score, SummaryCard, resolve

VALUE, FAR = 0.5, 1e6
LEVELS = (0.1, 0.2, 0.4)
BOTH = "missing+corruption"


def conditions() -> tuple[ConditionFacts, ...]:
    """Clean, missing patterns and rates, two corruptions with three severities, and both at once."""
    patterns = (ConditionFacts(f"without {name}", f"without {name}", "missing") for name in ("audio", "image"))
    rates = (
        ConditionFacts(f"rate {rate}", "random", "missing", rank, rate, "rate") for rank, rate in enumerate(LEVELS, 1)
    )
    groups = (("noise(audio)", "corruption"), ("fog(image)", "corruption"), ("noise(audio), without image", BOTH))
    graded = (
        ConditionFacts(f"{group} s{rank}", group, kind, rank, level, "level")
        for group, kind in groups
        for rank, level in enumerate(LEVELS, 1)
    )
    return (ConditionFacts("clean", "clean", "clean"), *patterns, *rates, *graded)


def scores(values: Sequence[float] | None = None) -> list[Score]:
    """One for each condition, all of them alike unless told otherwise."""
    facts = conditions()
    given = [VALUE] * len(facts) if values is None else values
    return [Score("method", "data", 0, each, "accuracy", value) for each, value in zip(facts, given, strict=True)]


def equal_scores(subject: Subject) -> None:
    """Whichever direction is better."""
    if _card(subject).unit != "metric":
        raise NotApplicable("it is a share, not in the metric's unit")
    for higher in (True, False):
        value = _value(subject, scores(), higher)
        demand(isclose(value, VALUE), f"all scores are {VALUE}, it gives {value!r}, in the unit of the metric")


def order_does_not_matter(subject: Subject) -> None:
    """Of different scores."""
    mixed = _mixed()
    for higher in (True, False):
        one = _value(subject, mixed, higher)
        for seed in range(4):
            other = _value(subject, Random(seed).sample(mixed, len(mixed)), higher)  # noqa: S311  no secret
            demand(isclose(one, other, rel_tol=1e-9), f"{one!r}, in another order {other!r}")


def is_pure(subject: Subject) -> None:
    """Called twice on the same list."""
    mixed = _mixed()
    before = list(mixed)
    one, other = _value(subject, mixed, True), _value(subject, mixed, True)
    demand(one == other, f"{one!r}, called again {other!r}")
    demand(mixed == before, "it changed the list of scores: work on a copy")


def nan_where_undefined(subject: Subject) -> None:
    """A score counts if the value depends on it."""
    for higher in (True, False):
        value = _value(subject, [], higher)
        demand(isnan(value), f"without any score it gives {value!r}, expected NaN")
        for place, score in enumerate(scores()):
            found = [_value(subject, _with(place, number), higher) for number in (-FAR, FAR)]
            counts = found[0] != found[1] and not all(map(isnan, found))
            value = _value(subject, _with(place, nan), higher)
            name = score.condition.name
            demand(isnan(value) or not counts, f"the score of {name!r} is NaN and counts, yet it gives {value!r}")


def _with(place: int, value: float) -> list[Score]:
    given = scores()
    given[place] = replace(given[place], value=value)
    return given


def _mixed() -> list[Score]:
    return scores([0.9 - 0.037 * place for place in range(len(conditions()))])


def _card(subject: Subject) -> SummaryCard:
    card = subject.card
    assert isinstance(card, SummaryCard)
    return card


def _value(subject: Subject, given: list[Score], higher: bool) -> float:
    value = resolve(subject.card)(given, higher, **subject.bound)
    demand(isinstance(value, float), f"gave {type(value).__name__}, expected float")
    return float(value)
