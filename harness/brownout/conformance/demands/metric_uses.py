"""Demands on metrics: what they read and what they refuse."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from math import isnan, nan

import numpy as np

from brownout.conformance.demands import demand
from brownout.conformance.demands.metric_cases import ABSENT, Case, arrays_of, chosen, predictions
from brownout.conformance.kit import Subject, Violation
from brownout_registry import Stored

NOTHING = ("no samples", "no optional field")


def is_pure(subject: Subject) -> None:
    """Called twice on the same arrays."""
    case = Case(subject)
    for stored in case.samples():
        before = {name: array.copy() for name, array in arrays_of(stored).items()}
        one, other = case.value(stored), case.value(stored)
        changed = [name for name, array in arrays_of(stored).items() if not np.array_equal(array, before[name])]
        demand(not changed, f"it changed {', '.join(changed)}: work on a copy")
        demand(one == other, f"{one!r}, called again {other!r}")


def refuses_or_nan(subject: Subject) -> None:
    """What a cell may hold and no metric may fall over."""
    case = Case(subject)
    for what, stored in _hard(case.card.needs):
        value, (low, high) = _value(case, stored, what), case.card.range
        demand(isnan(value) or low - 1e-6 <= value <= high + 1e-6, f"{what}: gave {value:g}, outside of its range")
        defined = isnan(value) or what not in NOTHING
        demand(defined, f"{what}: gave {value:g}, expected NaN or UsageError")


def needs_are_honest(subject: Subject) -> None:
    """Each field of `needs` in turn is absent; then all that is not in it."""
    case = Case(subject)
    if not case.card.needs:
        case.samples()
        return
    unknown = sorted(set(case.card.needs) - set(ABSENT))
    demand(not unknown, f"needs {unknown}, expected some of {', '.join(ABSENT)}")
    for stored in case.samples():
        for need in case.card.needs:
            what = f"without {need}"
            value = _value(case, replace(stored, **{need: ABSENT[need]}), what)
            demand(isnan(value), f"{what} it gives {value:g}: it does not need it, or makes it up")


def _value(case: Case, stored: Stored, what: str) -> float:
    try:
        return case.value(stored)
    except Violation:
        raise
    except Exception as error:  # noqa: BLE001  whatever it falls over
        demand(False, f"{what}: {type(error).__name__}: {error}; expected NaN or UsageError")
        return nan


def _hard(needs: tuple[str, ...]) -> Iterator[tuple[str, Stored]]:
    stored = predictions(4, 0.6, needs)
    yield "no samples", chosen(stored, np.array([], np.int64))
    yield "one sample", chosen(stored, np.array([0]))
    yield "no label that counts", replace(stored, targets=np.full_like(stored.targets, stored.ignore_label))
    some = np.where(stored.ids % 3 == 0, stored.ignore_label, stored.targets)
    yield "labels some of which are to be ignored", replace(stored, targets=some)
    yield "one class among the labels", replace(stored, targets=np.zeros_like(stored.targets))
    yield "predictions of one class only", replace(stored, logits=np.eye(4, dtype=np.float32)[[0] * len(stored.ids)])
    yield "equal logits", replace(stored, logits=np.zeros_like(stored.logits))
    yield "large logits", replace(stored, logits=stored.logits * np.float32(1e30))
    yield "modalities that are absent everywhere", replace(stored, present=np.zeros_like(stored.present))
    if needs:
        yield "no optional field", replace(stored, **ABSENT)
