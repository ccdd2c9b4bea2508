"""Summaries: values by hand, direction, and what is undefined."""

from __future__ import annotations

from inspect import signature
from math import isnan, nan

import pytest
from hypothesis import given
from hypothesis import strategies as st

from brownout_metrics import plugin
from brownout_metrics.summaries import corruption_mean, mean, missing_mean, relative_drop, severity_area, worst
from brownout_registry import ConditionFacts, Score, UsageError, bind_options, resolve

CARDS = {card.name: card for card in plugin.brownout_summaries()}


def score(value: float, kind: str, group: str = "", severity: int = 0, level: float | None = None) -> Score:
    name = f"{group} s{severity}" if severity else group or kind
    condition = ConditionFacts(name, group or name, kind, severity, level)
    return Score("method", "data", 0, condition, "accuracy", value)


CLEAN = score(0.9, "clean")
PATTERNS = [score(0.6, "missing", "without audio"), score(0.3, "missing", "without image")]
RATES = [score(0.8, "missing", "rate", 1, 0.3), score(0.5, "missing", "rate", 2, 0.5)]
NOISE = [score(0.8, "corruption", "noise", 1, 0.1), score(0.4, "corruption", "noise", 2, 0.2)]
BLUR = [score(0.7, "corruption", "blur", 1, 1.0)]
ALL = [CLEAN, *PATTERNS, *RATES, *NOISE, *BLUR]
ATTACKS = [score(0.5, "attack", "pgd", 1, 0.1), score(0.1, "attack", "pgd", 2, 0.2)]
CROSSED = [score(0.2, "missing+attack", "pgd, missing audio", 1, 0.1)]
ATTACKED = [*ALL, *ATTACKS, *CROSSED]


@pytest.mark.parametrize(
    ("summary", "options", "expected"),
    [
        (mean, {}, (0.9 + 0.6 + 0.3 + 0.8 + 0.5 + 0.8 + 0.4 + 0.7) / 8),
        (mean, {"kinds": ["corruption"]}, (0.8 + 0.4 + 0.7) / 3),
        (worst, {}, 0.3),
        (worst, {"kinds": ["corruption"]}, 0.4),
        (relative_drop, {"kinds": ["corruption"]}, (0.9 - 1.9 / 3) / 0.9),
        (relative_drop, {}, (0.9 - (0.6 + 0.3 + 0.8 + 0.5 + 0.8 + 0.4 + 0.7) / 7) / 0.9),
        (missing_mean, {}, (0.9 + 0.6 + 0.3) / 3),
        (missing_mean, {"over": "rates"}, (0.9 + 0.8 + 0.5) / 3),
        (corruption_mean, {}, (0.6 + 0.7) / 2),
        (severity_area, {}, ((0.85 + 0.6) / 2 + 0.8) / 2),
        (severity_area, {"kinds": ["missing"]}, (0.85 + 0.65) / 2),
    ],
)
def test_by_hand(summary, options, expected):
    assert summary(ALL, True, **options) == pytest.approx(expected)
    assert summary(ALL[::-1], True, **options) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("summary", "options", "expected"),
    [
        (mean, {}, (5.0 + 0.5 + 0.1 + 0.2) / 11),
        (mean, {"kinds": ["attack"]}, 0.3),
        (worst, {}, 0.1),
        (worst, {"kinds": ["missing+attack"]}, 0.2),
        (worst, {"kinds": ["clean", "corruption"]}, 0.4),
        (relative_drop, {"kinds": ["attack", "missing+attack"]}, (0.9 - 0.8 / 3) / 0.9),
        (severity_area, {"kinds": ["attack"]}, (0.7 + 0.3) / 2),
        (severity_area, {"kinds": ["missing+attack"]}, (0.9 + 0.2) / 2),
    ],
)
def test_attacks_count(summary, options, expected):
    assert summary(ATTACKED, True, **options) == pytest.approx(expected)


@pytest.mark.parametrize("summary", [relative_drop, missing_mean, corruption_mean, severity_area])
def test_attacks_count_where_they_are_named_alone(summary):
    assert summary(ATTACKED, True) == summary(ALL, True)


@pytest.mark.parametrize("name", list(CARDS))
def test_cards_have_the_defaults_of_the_functions(name):
    defaults = {key: each.default for key, each in signature(resolve(CARDS[name])).parameters.items()}
    assert {option.name: option.default for option in CARDS[name].options}.items() <= defaults.items()


def test_direction():
    assert worst(ALL, False) == 0.9
    losses = [score(0.5, "clean"), score(1.0, "corruption", "noise", 1), score(2.0, "corruption", "noise", 2)]
    assert relative_drop(losses, False) == pytest.approx((1.5 - 0.5) / 0.5)
    assert relative_drop(losses, True) == pytest.approx(-2)


def test_the_arithmetic_of_the_mmi_table():
    """35.3 falls to 27.4: a drop of 22.38 %."""
    assert relative_drop([score(35.3, "clean"), score(27.4, "corruption")], True) == pytest.approx(0.2238, abs=1e-4)


def test_severities_need_not_be_consecutive():
    curve = [score(1.0, "clean"), score(0.0, "corruption", "noise", 4), score(0.5, "corruption", "noise", 1)]
    assert severity_area(curve, True) == pytest.approx((0.75 * 1 + 0.25 * 3) / 4)


@given(st.floats(0, 1), st.integers(1, 6), st.integers(1, 4))
def test_a_method_that_nothing_hurts_keeps_its_clean_score(value, severities, groups):
    cells = [
        score(value, "corruption", f"noise {group}", severity)
        for group in range(groups)
        for severity in range(1, severities + 1)
    ]
    for summary in (mean, worst, corruption_mean, severity_area):
        assert summary([score(value, "clean"), *cells], True) == pytest.approx(value)


@pytest.mark.parametrize("name", list(CARDS))
def test_undefined_is_nan_and_not_an_error(name):
    summary, options = resolve(CARDS[name]), bind_options(CARDS[name], {})
    assert isnan(summary([], True, **options))
    broken = [score(nan, "clean"), score(nan, "missing", "a"), score(nan, "corruption", "b", 1)]
    assert isnan(summary(broken, True, **options))
    assert isnan(summary(broken, False, **options))


@pytest.mark.parametrize(
    ("summary", "scores"),
    [
        (relative_drop, [CLEAN]),
        (relative_drop, NOISE),
        (relative_drop, [score(0.0, "clean"), *NOISE]),
        (severity_area, NOISE),
        (severity_area, [CLEAN, *PATTERNS]),
        (missing_mean, [CLEAN, *NOISE]),
        (missing_mean, PATTERNS),
        (corruption_mean, [CLEAN, *PATTERNS]),
    ],
)
def test_what_lacks_a_part_is_undefined(summary, scores):
    assert isnan(summary(scores, True))


def test_one_broken_cell_makes_the_worst_undefined():
    assert isnan(worst([CLEAN, score(nan, "corruption"), *PATTERNS], True))


def test_mistakes_are_named():
    with pytest.raises(UsageError, match="unknown kind of condition 'corruptions'; did you mean 'corruption'"):
        mean(ALL, True, kinds=["corruptions"])
    with pytest.raises(UsageError, match="'relative-drop': kinds holds 'clean'"):
        relative_drop(ALL, True, kinds=["clean", "corruption"])
