"""Tables of a run: methods × conditions, mean ± sample standard deviation over training seeds."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from brownout.report.cells import Cells, Value, conditions_of
from brownout.report.summaries import SummaryColumn, summaries_of
from brownout.report.units import PERCENT, PLAIN, Unit
from brownout.results import Run
from brownout_registry import ConditionFacts

KINDS = {
    "missing": "missing pattern",
    "missing+corruption": "missing + corruption",
    "missing+attack": "missing + attack",
}


@dataclass(frozen=True)
class Column:
    """One column: what it shows, and under which heading.

    Attributes:
        group: heading shared with its neighbours.
        title: its own heading; empty when the group's says it all.
        note: what it means, in a sentence.
        unit: how its numbers are printed.
        higher_is_better: its direction; None where there is none (then nothing is marked as best).
        conditions: what its values are means of; empty for a summary.
    """

    group: str
    title: str
    note: str
    unit: Unit
    higher_is_better: bool | None
    conditions: tuple[ConditionFacts, ...] = ()

    @property
    def heading(self) -> str:
        """Its own heading, or the group's where that says it all."""
        return self.title or self.group

    @property
    def kind(self) -> str:
        """The kind of its conditions, or ``summary``: what the HTML report filters by."""
        return kind_heading(self.conditions[0]) if self.conditions else "summary"


@dataclass(frozen=True)
class Row:
    """One method and its values, in the order of the columns; ``oracle`` says what oracle knowledge it uses, if any."""

    method: str
    variant: str | None
    oracle: str
    values: tuple[Value, ...]

    @property
    def label(self) -> str:
        """The method's name, its variant in brackets and ``†`` for oracle knowledge: ``"qmf [released] †"``."""
        return self.method + (f" [{self.variant}]" if self.variant else "") + (" †" if self.oracle else "")


@dataclass(frozen=True)
class Table:
    """Methods × columns of one dataset and metric.

    ``best`` holds for each column the rows that are best in its direction. Rows that use oracle knowledge or
    lack a training seed are not compared: neither is on equal terms with the others.
    """

    dataset: str
    metric: str
    columns: tuple[Column, ...]
    rows: tuple[Row, ...]
    best: tuple[frozenset[int], ...]

    def groups(self) -> Iterator[tuple[str, tuple[int, ...]]]:
        """Neighbouring columns of the same group: its heading and their positions."""
        for group, places in groupby(range(len(self.columns)), key=lambda place: self.columns[place].group):
            yield group, tuple(places)


def full_table(run: Run, dataset: str, metric: str) -> Table:
    """Every condition of the protocol in a column of its own."""
    facts = metric_facts(run, metric)
    conditions = conditions_of(run, dataset)
    return _table(run, dataset, metric, [_single(condition, facts) for condition in conditions], [])


def condensed_table(run: Run, dataset: str, metric: str) -> Table:
    """Clean, each missing pattern, means over each severity axis, then the summaries.

    The mean over an axis is taken within each training seed, then mean and standard deviation over seeds.
    """
    facts = metric_facts(run, metric)
    columns = [_group(conditions, facts) for conditions in condition_groups(conditions_of(run, dataset))]
    order = list(dict.fromkeys(column.group for column in columns))
    columns.sort(key=lambda column: order.index(column.group))
    return _table(run, dataset, metric, columns, summaries_of(run))


def metric_facts(run: Run, metric: str) -> Mapping[str, Any]:
    """What ``run.json`` says of a metric."""
    return next(each for each in run.facts["metrics"] if each["name"] == metric)


def metric_unit(facts: Mapping[str, Any]) -> Unit:
    """Percent for a metric whose card says so, else the plain number."""
    return PERCENT if facts["percent"] else PLAIN


def condition_groups(conditions: Iterable[ConditionFacts]) -> list[tuple[ConditionFacts, ...]]:
    """Conditions that lie on one severity axis, together; in protocol order."""
    groups: dict[tuple[str, str], list[ConditionFacts]] = {}
    for condition in conditions:
        groups.setdefault((condition.kind, condition.group), []).append(condition)
    return [tuple(group) for group in groups.values()]


def kind_heading(condition: ConditionFacts) -> str:
    """The heading of a kind of condition; random missing rates are told from missing patterns by their level."""
    if condition.kind == "missing" and condition.level is not None:
        return "missing rate"
    return KINDS.get(condition.kind, condition.kind)


def step_title(condition: ConditionFacts) -> str:
    """A condition's place on its axis: the rate of missing samples, else the severity."""
    if condition.kind == "missing" and condition.level is not None:
        return f"{condition.level:g}"
    return str(condition.severity)


def best_rows(values: Sequence[Value | None], higher_is_better: bool | None) -> frozenset[int]:
    """Positions of the best means, ties included; None and values with gaps do not compete.

    Example:
        >>> best_rows([Value({0: 0.5}), Value({0: 0.9}), None], higher_is_better=False)
        frozenset({0})
    """
    means = {i: value.mean for i, value in enumerate(values) if value and value.mean is not None and not value.gaps}
    if higher_is_better is None or not means:
        return frozenset()
    best = (max if higher_is_better else min)(means.values())
    return frozenset(i for i, mean in means.items() if mean == best)


def _single(condition: ConditionFacts, facts: Mapping[str, Any]) -> Column:
    alone = condition.group == condition.name
    title = "" if alone else step_title(condition)
    level = "" if condition.level is None else f" ({condition.parameter or 'level'} {condition.level:g})"
    return Column(
        condition.group, title, condition.name + level, metric_unit(facts), facts["higher_is_better"], (condition,)
    )


def _group(conditions: tuple[ConditionFacts, ...], facts: Mapping[str, Any]) -> Column:
    first = conditions[0]
    note = first.name
    if first.group != first.name:
        axis = "rates" if kind_heading(first) == "missing rate" else "severities"
        note = f"{first.group}: mean over {axis} {', '.join(map(step_title, conditions))}"
    heading = kind_heading(first)
    title = "" if heading == first.group else first.group
    return Column(heading, title, note, metric_unit(facts), facts["higher_is_better"], conditions)


def _table(run: Run, dataset: str, metric: str, columns: list[Column], summaries: Sequence[SummaryColumn]) -> Table:
    cells, facts, conditions = Cells.of(run, dataset, metric), metric_facts(run, metric), conditions_of(run, dataset)
    rows = []
    for method in run.facts["methods"]:
        if dataset not in (method.get("datasets") or [dataset]):
            continue
        values = [cells.mean(method["name"], column.conditions) for column in columns]
        values += [each.value(cells, method["name"], conditions, facts["higher_is_better"]) for each in summaries]
        rows.append(Row(method["name"], method["variant"], method["oracle"], tuple(values)))
    every = (*columns, *(_summary(each, facts) for each in summaries))
    best = (
        best_rows([None if row.oracle else row.values[i] for row in rows], column.higher_is_better)
        for i, column in enumerate(every)
    )
    return Table(dataset, metric, every, tuple(rows), tuple(best))


def _summary(summary: SummaryColumn, facts: Mapping[str, Any]) -> Column:
    if summary.unit == "share":
        return Column("summary", PERCENT.heading(summary.title), summary.note, PERCENT, None)
    return Column("summary", summary.title, summary.note, metric_unit(facts), facts["higher_is_better"])
