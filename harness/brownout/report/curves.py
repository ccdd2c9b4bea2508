"""Curves over a severity axis: clean first, then ever harder."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from brownout.report.cells import Cells, Value, conditions_of
from brownout.report.table import condition_groups, kind_heading, metric_facts, metric_unit
from brownout.results import Run
from brownout_registry import ConditionFacts


@dataclass(frozen=True)
class Series:
    """One method's values along the axis."""

    method: str
    values: tuple[Value, ...]


@dataclass(frozen=True)
class Curve:
    """One axis: its conditions in order of x, clean at 0 where the axis starts there, and a series for each method.

    Attributes:
        title: the group of conditions.
        kind: ``corruption``, ``missing rate`` ...
        x: severity, or the rate of missing samples.
        conditions: what happened at each x.
        series: one for each method, in suite order.
    """

    title: str
    kind: str
    x: tuple[float, ...]
    conditions: tuple[ConditionFacts, ...]
    series: tuple[Series, ...]

    @property
    def levels(self) -> tuple[str, ...]:
        """The physical level at each x, empty where there is none."""
        return tuple("" if each.level is None else f"{each.level:g}" for each in self.conditions)

    @property
    def parameter(self) -> str:
        """What the physical level measures."""
        return self.conditions[-1].parameter


def curves(run: Run, dataset: str, metric: str) -> tuple[Curve, ...]:
    """Every group of conditions that varies along an axis, in protocol order."""
    conditions, cells = conditions_of(run, dataset), Cells.of(run, dataset, metric)
    clean = next((each for each in conditions if each.kind == "clean"), None)
    groups = (group for group in condition_groups(conditions) if group[0].group != group[0].name)
    methods = [method["name"] for method in run.facts["methods"]]
    return tuple(_curve(group, clean, cells, methods) for group in groups)


def _curve(
    group: Sequence[ConditionFacts], clean: ConditionFacts | None, cells: Cells, methods: Iterable[str]
) -> Curve:
    kind = kind_heading(group[0])
    conditions = tuple(sorted(group, key=lambda each: _place(each, kind)))
    if clean is not None and kind in (
        "corruption",
        "attack",
        "missing rate",
    ):  # elsewhere severity 0 is not the clean condition
        conditions = (clean, *conditions)
    series = (Series(name, tuple(cells.mean(name, (each,)) for each in conditions)) for name in methods)
    return Curve(group[0].group, kind, tuple(_place(each, kind) for each in conditions), conditions, tuple(series))


def _place(condition: ConditionFacts, kind: str) -> float:
    return (condition.level or 0.0) if kind == "missing rate" else float(condition.severity)


def value_range(run: Run, dataset: str, metric: str) -> tuple[float, float] | None:
    """Smallest and largest mean ± deviation of all curves, so that all panels share one axis; None without any."""
    unit = metric_unit(metric_facts(run, metric))
    ends = [
        unit.factor * (value.mean + sign * (value.std or 0))
        for curve in curves(run, dataset, metric)
        for series in curve.series
        for value in series.values
        for sign in (-1, 1)
        if value.mean is not None and math.isfinite(value.mean)
    ]
    margin = 0.04 * (max(ends) - min(ends)) if ends else 0
    return (min(ends) - margin, max(ends) + margin) if ends else None
