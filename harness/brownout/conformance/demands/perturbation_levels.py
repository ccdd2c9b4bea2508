"""Demands on perturbations: what a severity means."""

from __future__ import annotations

from itertools import pairwise
from math import nan
from typing import Any

from brownout.conformance.demands import demand
from brownout.conformance.demands.perturbation_cases import Case, cases
from brownout.conformance.kit import NotApplicable, Subject
from brownout.conformance.samples import numbers, same
from brownout_registry import UsageError

SLACK = 0.999
"""A severity that is as far as the one before may round below it."""


def levels_are_used(subject: Subject) -> None:
    """The last level alone at severity 1 is what it is at its own place; the first one is something else."""
    for case in cases(subject):
        last = case.run(case.severities[-1])
        message = f"{case}: severity {case.severities[-1]} of {case.levels} is not severity 1 of {case.levels[-1:]}"
        demand(same(case.at(case.levels[-1]).run(1), last), f"{message}: read levels[severity - 1]")
        if len(set(case.levels)) > 1:
            differ = not same(case.run(1), last)
            demand(differ, f"{case}: levels {case.levels[0]:g} and {case.levels[-1]:g} give the same")


def refuses_bad_levels(subject: Subject) -> None:
    """No result may come of them."""
    for case in cases(subject):
        try:
            case.at(nan).build()
        except UsageError:
            pass
        else:
            demand(False, f"{case}: the factory took the level NaN, expected UsageError")
        beyond = case.severities[-1] + 1
        demand(
            _fails(case, beyond), f"{case}: severity {beyond} gave a result, but there are {len(case.levels)} levels"
        )


def grows_with_severity(subject: Subject) -> None:
    """Where the published constants are such that it does not, expect a failure with that reason."""
    for case in cases(subject):
        found = [_distance(case.inputs, case.run(severity)) for severity in case.severities]
        shown = ", ".join(f"{each:.4g}" for each in found)
        demand(found[-1] > 0, f"{case}: the last severity changes nothing")
        grows = all(later >= SLACK * earlier for earlier, later in pairwise(found))
        demand(grows, f"{case}: mean distances {shown} do not grow with severity")
    if all(len(case.levels) < 2 for case in cases(subject)):
        raise NotApplicable("it has one severity only")


def _fails(case: Case, severity: int) -> bool:
    try:
        case.run(severity)
    except Exception:  # noqa: BLE001  whatever says no
        return True
    return False


def _distance(clean: Any, dirty: Any) -> float:
    if isinstance(clean, list):
        return sum(bool(one != other) for one, other in zip(clean, dirty, strict=True)) / len(clean)
    moved = numbers(clean) - numbers(dirty)
    distance: float = moved.abs().double().mean().item()
    return distance
