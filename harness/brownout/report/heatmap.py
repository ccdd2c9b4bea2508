"""Tables, differences and figures as the HTML template draws them: texts and shades, no markup."""

from __future__ import annotations

import math
from base64 import b64encode
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from brownout.report.cells import FAILED, Value
from brownout.report.statistics import Difference, differences
from brownout.report.table import Column, Row, Table
from brownout.report.units import Unit
from brownout.report.words import SIGNS
from brownout.results import Run

PNG = b"\x89PNG\r\n\x1a\n"


@dataclass(frozen=True)
class Square:
    """One entry of a heatmap; shades run from 0 (worst) to 1 (best), None leaves it uncoloured."""

    number: str
    spread: str
    hint: str
    state: str
    best: bool
    column_shade: float | None
    table_shade: float | None


@dataclass(frozen=True)
class Interval:
    """One entry of the differences; positions are percentages of the width of the drawing, whose middle is 0."""

    number: str
    interval: str
    verdict: str
    sign: str
    hint: str
    low: float
    middle: float
    high: float


@dataclass(frozen=True)
class Picture:
    """A figure of the run; ``source`` is a data URI, empty when the file is not a PNG of the run's folder."""

    title: str
    caption: str
    source: str


def squares(table: Table) -> list[tuple[Row, list[Square]]]:
    """Every row with its entries, shaded within each column and over the whole table."""
    within = [_span(row.values[p] for row in table.rows) for p in range(len(table.columns))]
    whole = _span(row.values[p] for row in table.rows for p, column in enumerate(table.columns) if column.conditions)
    return [
        (row, [_square(table, i, p, within[p], whole) for p in range(len(table.columns))])
        for i, row in enumerate(table.rows)
    ]


def intervals(table: Table, baseline: str) -> tuple[list[Column], list[tuple[Row, list[Interval]]]]:
    """The columns that have differences, and every other method with its entries on one common scale."""
    found = differences(table, baseline)
    ends = (abs(end) for row in found.values() for each in row if each for end in each.interval or (each.mean or 0.0,))
    reach = max(ends, default=0.0) or 1.0
    columns = [column for column in table.columns if column.conditions]
    rows = [(row, list(_intervals(table, found[row.method], reach))) for row in table.rows if row.method in found]
    return columns, rows


def pictures(run: Run) -> Iterator[Picture]:
    """The run's figures; a name never leads out of the folder ``figures``."""
    for each in run.facts.get("figures", ()):
        path = run.folder / "figures" / Path(each["file"]).name
        data = path.read_bytes() if path.is_file() else b""
        source = f"data:image/png;base64,{b64encode(data).decode()}" if data.startswith(PNG) else ""
        yield Picture(each["title"], each["caption"], source)


def _span(values: Iterable[Value]) -> tuple[float, float]:
    means = [value.mean for value in values if value.mean is not None and math.isfinite(value.mean)]
    return (min(means), max(means)) if means else (0.0, 0.0)


def _square(table: Table, row: int, place: int, within: tuple[float, float], whole: tuple[float, float]) -> Square:
    value, column = table.rows[row].values[place], table.columns[place]
    shades = (_shade(value.mean, within, column), _shade(value.mean, whole, column) if column.conditions else None)
    hint = "\n".join((f"{table.rows[row].label} · {column.note}", *_by_seed(value, column.unit), *value.reasons))
    best = row in table.best[place]
    if value.mean is None:
        return Square(value.mark, "", hint, "failed" if value.mark == FAILED else "empty", best, None, None)
    spread = "" if value.std is None else f"±{column.unit.number(value.std)}"
    state = "partial" if value.gaps else "whole"
    return Square(column.unit.number(value.mean), spread, hint, state, best, *shades)


def _by_seed(value: Value, unit: Unit) -> Iterator[str]:
    return (f"seed {seed}: {unit.number(number)}" for seed, number in value.by_seed.items())


def _shade(mean: float | None, span: tuple[float, float], column: Column) -> float | None:
    low, high = span
    if mean is None or column.higher_is_better is None or not math.isfinite(mean):
        return None
    share = (mean - low) / (high - low) if high > low else 0.5
    return round(share if column.higher_is_better else 1 - share, 3)


def _intervals(table: Table, found: Sequence[Difference | None], reach: float) -> Iterator[Interval]:
    for each, column in zip(found, table.columns, strict=True):
        if each is not None:
            yield _interval(each, column, reach)


def _interval(difference: Difference, column: Column, reach: float) -> Interval:
    hint = f"{column.note}: {difference.verdict}, n = {difference.n}"
    if difference.mean is None:
        return Interval("–", difference.reason, "undecided", "", hint, 50, 50, 50)
    signed, (low, high) = column.unit.signed, difference.interval or (difference.mean, difference.mean)
    text = f"{signed(low)} … {signed(high)}" if difference.interval else difference.reason
    places = (round(50 + 48 * end / reach, 2) for end in (low, difference.mean, high))
    sign = SIGNS[difference.verdict]
    return Interval(signed(difference.mean), text, difference.verdict, sign, hint, *places)
