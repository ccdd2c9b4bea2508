"""The report as GitHub Markdown."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from brownout.report.cells import Value
from brownout.report.doubts import doubts
from brownout.report.published import CAVEAT, published_tables
from brownout.report.statistics import Difference, differences
from brownout.report.table import Table, condensed_table, metric_facts, metric_unit
from brownout.report.units import Unit, plain
from brownout.report.words import INTERVAL, SIGNS, counted_rows, facts_lines, failure_lines, footnotes
from brownout.results import Run


def render_markdown(run: Run) -> str:
    """The same as the terminal shows, with every difference; all text of the run is escaped."""
    return "\n".join(_lines(run)) + "\n"


def escape(text: object) -> str:
    r"""Text that GitHub shows as it is, on one line and inside a table.

    Example:
        >>> print(escape("a|b <script> *c*"))
        a\|b &lt;script&gt; \*c\*
    """
    safe = plain(text).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return re.sub(r"([\\`*_\[\]#|~$@])", r"\\\1", safe)


def _lines(run: Run) -> Iterator[str]:
    yield f"# {escape(run.facts['suite'])}"
    yield ""
    if run.facts.get("not_comparable"):
        yield f"> **Not comparable with other runs:** {escape(run.facts['not_comparable'])}"
        yield ""
    yield from (f"- {name}: {escape(value)}" for name, value in facts_lines(run))
    for dataset in run.facts["datasets"]:
        yield from _dataset(run, dataset["name"])
    if warnings := doubts(run):
        yield from ("", *(f"> {escape(line)}  " for line in warnings))
    yield from _published(run)
    failures = list(failure_lines(run))
    if failures:
        yield from ("", "## Failures", "", *(f"- {escape(line)}" for line in failures))
    yield from ("", escape(counted_rows(run)))


def _dataset(run: Run, dataset: str) -> Iterator[str]:
    metric = metric_facts(run, run.facts["metrics"][0]["name"])
    unit, table = metric_unit(metric), condensed_table(run, dataset, metric["name"])
    yield from ("", f"## {escape(dataset)}: {escape(unit.heading(metric['name']))}", "")
    yield from _grid(["method", *(column.heading for column in table.columns)], _value_rows(table))
    yield ""
    yield from (f"{escape(note)}  " for note in footnotes(run, table))
    if baseline := run.facts["baseline"]:
        yield from ("", f"### Difference against {escape(baseline)}", "")
        columns = [column.heading for column in table.columns if column.conditions]
        yield from _grid(["method", *columns], _difference_rows(table, baseline, unit))
        yield from ("", INTERVAL)


def _published(run: Run) -> Iterator[str]:
    for table in published_tables(run):
        yield from ("", f"## {escape(table.title)}", "", escape(f"{table.source}; {CAVEAT}"), "")
        yield from _grid(
            ["method", *table.conditions],
            ([escape(method), *map(escape, numbers)] for method, numbers in table.rows),
        )
        yield from ("", *(f"{escape(note)}  " for note in table.notes))


def _grid(headings: Sequence[str], rows: Iterator[list[str]]) -> Iterator[str]:
    yield "| " + " | ".join(map(escape, headings)) + " |"
    yield "| --- |" + " ---: |" * (len(headings) - 1)
    yield from ("| " + " | ".join(row) + " |" for row in rows)


def _value_rows(table: Table) -> Iterator[list[str]]:
    for i, row in enumerate(table.rows):
        values = (_value(value, table.columns[p].unit, best=i in table.best[p]) for p, value in enumerate(row.values))
        yield [escape(row.label), *values]


def _value(value: Value, unit: Unit, *, best: bool) -> str:
    if value.mean is None:
        return value.mark
    mean = f"**{unit.number(value.mean)}**\\*" if best else unit.number(value.mean)
    return mean + ("" if value.std is None else f" ± {unit.number(value.std)}") + (" !" if value.gaps else "")


def _difference_rows(table: Table, baseline: str, unit: Unit) -> Iterator[list[str]]:
    found = differences(table, baseline)
    for row in table.rows:
        if row.method in found:
            yield [escape(row.label), *(_difference(each, unit) for each in found[row.method] if each)]


def _difference(difference: Difference, unit: Unit) -> str:
    if difference.mean is None:
        return difference.reason
    ends = difference.interval
    interval = f"[{unit.signed(ends[0])}, {unit.signed(ends[1])}]" if ends else f"({difference.reason})"
    return f"{unit.signed(difference.mean)} {interval} {SIGNS[difference.verdict]}".rstrip()
