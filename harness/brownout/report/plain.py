"""A run's table as plain data, for notebooks and scripts."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

from brownout.report.table import Table as Full
from brownout.report.table import condensed_table, metric_facts, metric_unit
from brownout.report.units import plain
from brownout.results import Run
from brownout_registry import UsageError, unknown


@dataclass(frozen=True)
class Table:
    """Methods × conditions; corruptions are means over severities.

    Attributes:
        dataset: measured on it.
        metric: what was measured.
        columns: headings, the first of them ``method``.
        rows: one mapping from columns to values for each method: the mean over training seeds, None where there is
            none. ``pandas.DataFrame(table.rows)`` takes them as they are.
        cells: the same as texts: mean ± sample standard deviation in the unit of a report, ``*`` on the best.

    Example:
        >>> rows = ({"method": "mean", "clean": 0.923}, {"method": "sum", "clean": None})
        >>> table = Table("htad", "accuracy", ("method", "clean"), rows, (("mean", "92.3*"), ("sum", "failed")))
        >>> print(table)
        | method | clean  |
        | ------ | -----: |
        | mean   |  92.3* |
        | sum    | failed |
        >>> table.rows[0]["clean"]
        0.923
    """

    dataset: str
    metric: str
    columns: tuple[str, ...]
    rows: tuple[Mapping[str, Any], ...]
    cells: tuple[tuple[str, ...], ...]

    def __str__(self) -> str:
        widths = [max(4, *map(len, column)) for column in zip(self.columns, *self.cells, strict=True)]
        rule = ["-" * widths[0], *("-" * (width - 1) + ":" for width in widths[1:])]
        return "\n".join(_line(row, widths) for row in (self.columns, rule, *self.cells))

    def _repr_html_(self) -> str:
        head = "".join(f"<th>{escape(each)}</th>" for each in self.columns)
        body = "".join(f"<tr>{''.join(f'<td>{escape(each)}</td>' for each in row)}</tr>" for row in self.cells)
        caption = escape(f"{self.dataset}: {self.metric}")
        return f"<table><caption>{caption}</caption><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def table_of(run: Run, metric: str | None = None, dataset: str | None = None) -> Table:
    """The condensed table of one data set and metric, the suite's first if not given.

    Raises:
        UsageError: the run has no such metric or data set.
    """
    metric = _chosen("metric", metric, [each["name"] for each in run.facts["metrics"]])
    dataset = _chosen("dataset", dataset, [each["name"] for each in run.facts["datasets"]])
    full = condensed_table(run, dataset, metric)
    columns = ("method", *_headings(full))
    means = ([row.method, *(value.mean for value in row.values)] for row in full.rows)
    rows = tuple(dict(zip(columns, each, strict=True)) for each in means)
    name = metric_unit(metric_facts(run, metric)).heading(metric)
    return Table(dataset, name, columns, rows, tuple(tuple(_texts(full, place)) for place in range(len(full.rows))))


def _chosen(what: str, name: str | None, known: Sequence[str]) -> str:
    if name is not None and name not in known:
        raise UsageError(unknown(what, name, known))
    return name or known[0]


def _headings(table: Full) -> Iterator[str]:
    """The columns' headings, with that of their group where two would be the same."""
    own = [plain(column.heading) for column in table.columns]
    for heading, column in zip(own, table.columns, strict=True):
        yield heading if own.count(heading) == 1 else f"{plain(column.group)}: {heading}"


def _texts(table: Full, place: int) -> Iterator[str]:
    row = table.rows[place]
    yield plain(row.label)
    for value, column, best in zip(row.values, table.columns, table.best, strict=True):
        if value.mean is None:
            yield value.mark
            continue
        spread = "" if value.std is None else f" ± {column.unit.number(value.std)}"
        yield column.unit.number(value.mean) + spread + ("*" if place in best else "!" if value.gaps else "")


def _line(texts: Iterable[str], widths: Sequence[int]) -> str:
    first, *others = zip(texts, widths, strict=True)
    padded = [first[0].ljust(first[1]), *(text.rjust(width) for text, width in others)]
    return f"| {' | '.join(padded)} |"
