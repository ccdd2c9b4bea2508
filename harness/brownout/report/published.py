"""What papers printed, as tables like our own: methods × conditions, one for each data set and metric."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from brownout.results import Run

CAVEAT = "as printed in the paper, on its own data, encoders and splits: to set beside the numbers above, not to mix"


@dataclass(frozen=True)
class PublishedTable:
    """A paper's numbers for one data set and metric.

    Attributes:
        title: ``"<table>: <data set>, <metric>"``.
        source: the paper.
        conditions: column headings.
        rows: each method with its numbers as printed, empty where the paper prints none.
        notes: remarks on single numbers.
    """

    title: str
    source: str
    conditions: tuple[str, ...]
    rows: tuple[tuple[str, tuple[str, ...]], ...]
    notes: tuple[str, ...]


def published_tables(run: Run) -> Iterator[PublishedTable]:
    """All published tables of a run, in the order of its suite."""
    for table in run.facts.get("published", []):
        for dataset, metric in dict.fromkeys((row["dataset"], row["metric"]) for row in table["rows"]):
            rows = [row for row in table["rows"] if (row["dataset"], row["metric"]) == (dataset, metric)]
            yield _table(table, f"{table['name']}: {dataset}, {metric}", rows)


def _table(table: Mapping[str, Any], title: str, rows: Sequence[Mapping[str, str]]) -> PublishedTable:
    conditions = tuple(dict.fromkeys(row["condition"] for row in rows))
    numbers = {(row["method"], row["condition"]): _number(row) for row in rows}
    methods = dict.fromkeys(row["method"] for row in rows)
    lines = tuple((method, tuple(numbers.get((method, each), "") for each in conditions)) for method in methods)
    notes = tuple(dict.fromkeys(f"{row['method']}, {row['condition']}: {row['note']}" for row in rows if row["note"]))
    return PublishedTable(title, table["paper"], conditions, lines, notes)


def _number(row: Mapping[str, str]) -> str:
    return f"{row['value']} ± {row['std']}" if row["std"] else row["value"]
