"""Gradient masking: a black-box attack that does better than every white-box one of the same strength."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import groupby

from brownout.report.cells import Cells, conditions_of
from brownout.report.table import metric_unit
from brownout.report.units import Unit
from brownout.results import Run
from brownout_registry import ConditionFacts

Strength = tuple[str, str, float | None]


def gradient_masking(run: Run) -> tuple[str, ...]:
    """A line for each method, dataset and black-box attack that beats all white-box ones, where any does.

    Gradients that mislead an attack make a method look robust that is not: then an attack that needs no gradients
    leaves a lower score than those that follow them (Athalye, Carlini and Wagner 2018, section 3.1). Compared are
    means over training seeds of the run's first metric of which higher is better, between attacks on the same
    modalities with the same parameter (norm) and level (one budget for all of them). An attack without a white-box
    counterpart, or with a failed seed, says nothing.

    Returns:
        ``"gradient masking? METHOD on DATASET: ..."``, the budget at which the gap is largest.
    """
    metric = next((each for each in run.facts["metrics"] if each["higher_is_better"]), None)
    if metric is None:
        return ()
    unit = metric_unit(metric)
    return tuple(
        line
        for dataset in (each["name"] for each in run.facts["datasets"])
        for method in (each["name"] for each in run.facts["methods"])
        for line in _lines(run, dataset, method, metric["name"], unit)
    )


def _lines(run: Run, dataset: str, method: str, metric: str, unit: Unit) -> Iterator[str]:
    cells, found = Cells.of(run, dataset, metric), []
    for conditions in _same_strength(conditions_of(run, dataset)):
        means = {each: _mean(cells, method, each) for each in conditions}
        white = {each: mean for each, mean in means.items() if each.access == "white-box" and mean is not None}
        for each, mean in means.items():
            if each.access == "black-box" and white and mean is not None and mean < min(white.values()):
                found.append((each, mean, min(white, key=lambda one: white[one]), min(white.values())))
    for group, budgets in groupby(sorted(found, key=lambda one: one[0].group), key=lambda one: one[0].group):
        several = list(budgets)
        black, low, white_one, high = max(several, key=lambda one: one[3] - one[1])
        more = f", and so at {len(several) - 1} more of its budgets" if len(several) > 1 else ""
        yield (
            f"gradient masking? {method} on {dataset}: black-box {group} leaves {metric} {_said(low, unit)} at "
            f"{black.parameter} {black.level:g}, below every white-box attack "
            f"({white_one.group}: {_said(high, unit)}){more}"
        )


def _same_strength(conditions: Sequence[ConditionFacts]) -> Iterator[Sequence[ConditionFacts]]:
    """Attacks on the same modalities with the same parameter and level."""
    together: dict[Strength, list[ConditionFacts]] = {}
    for each in conditions:
        if each.access and each.level is not None:
            together.setdefault((attacked(each.group), each.parameter, each.level), []).append(each)
    return iter(together.values())


def attacked(group: str) -> str:
    """What an attack's group attacks, without the attack's name.

    Example:
        >>> attacked("pgd(image + audio), missing text"), attacked("my apgd(image features, unimodal)")
        ('(image + audio), missing text', '(image features, unimodal)')
    """
    return re.sub(r"^[^(]*", "", group)


def _mean(cells: Cells, method: str, condition: ConditionFacts) -> float | None:
    value = cells.mean(method, (condition,))
    return None if value.gaps else value.mean


def _said(value: float, unit: Unit) -> str:
    return f"{unit.number(value)} {unit.suffix}".strip()
