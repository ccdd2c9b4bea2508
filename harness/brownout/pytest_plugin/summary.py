"""The terminal's summary: the table of `brownout report`, with marks for gates and changes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from io import StringIO
from pathlib import Path
from typing import Any

from rich.console import Console

from brownout.pytest_plugin.computing import read_results
from brownout.pytest_plugin.outputs import Found, cells_of, narrowed
from brownout.report.table import Column, Row
from brownout.report.terminal import print_metric
from brownout.report.units import plain
from brownout.report.words import failure_lines

NOTES = {
    "▼": "▼ worse than the stored baseline",
    "▲": "▲ better than the stored baseline",
    "✗": "✗ fails",
    "x": "x fails as expected (xfail)",
    "·": "· held to a gate",
}


def print_summary(reporter: Any, found: Found) -> None:
    """Print a table for each run whose cells were tested."""
    writer = reporter.config.get_terminal_writer()
    for folder in sorted({str(each["folder"]) for each in found.values()}):
        mine = {node: each for node, each in found.items() if each["folder"] == folder}
        run = narrowed(read_results(Path(folder)), cells_of(mine, folder))
        reporter.section(f"brownout: {run.facts['suite']}")
        stream = StringIO()
        console = Console(file=stream, width=writer.fullwidth, force_terminal=writer.hasmarkup, legacy_windows=False)
        marks = _Marks(mine)
        for dataset in run.facts["datasets"]:
            print_metric(run, dataset["name"], run.facts["metrics"][0]["name"], console, marks)
        reporter.write_line(stream.getvalue().strip("\n"))
        for line in (*marks.notes(), *_lines(run.facts, mine), *failure_lines(run)):
            reporter.write_line(plain(line))


class _Marks:
    """The mark of an entry of the table: what is worst among its cells."""

    def __init__(self, found: Found) -> None:
        self.found, self.used = list(found.values()), set[str]()

    def __call__(self, dataset: str, row: Row, column: Column) -> str:
        names = {each.name for each in column.conditions}
        cells = [
            each
            for each in self.found
            if (each["dataset"], each["method"]) == (dataset, row.method) and each["condition"] in names
        ]
        marks = {mark for each in cells for mark in _marks(each)}
        shown = "".join(mark for mark in NOTES if mark in marks)
        shown = shown.replace("·", "") if "✗" in shown or "x" in shown else shown
        self.used |= set(shown)
        return shown

    def notes(self) -> Iterator[str]:
        """What the marks mean: only those that occur."""
        return (note for mark, note in NOTES.items() if mark in self.used)


def _marks(cell: Mapping[str, Any]) -> Iterator[str]:
    for change in cell["changes"].values():
        yield from {"worse": "▼", "better": "▲"}.get(change["verdict"], "")
    yield from {"failed": "✗", "xfailed": "x"}.get(cell["outcome"], "·" if cell["gated"] else "")


def _lines(facts: Mapping[str, Any], found: Found) -> Iterator[str]:
    if facts.get("not_comparable"):
        yield f"not comparable with other runs: {facts['not_comparable']}"
    better = [each["id"] for each in found.values() if any(c["verdict"] == "better" for c in each["changes"].values())]
    if better:
        yield f"{len(better)} cells are better than the baseline, the first {min(better)}; --brownout-accept keeps that"
