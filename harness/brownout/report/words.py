"""Sentences and signs that the reports on terminal, in Markdown and in HTML share."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from brownout.report.summaries import summary_faults
from brownout.report.table import Table
from brownout.results import Run

SIGNS = {"better": "▲", "worse": "▼", "undecided": ""}
MISSING = {
    "skip": "is left out",
    "zero": "a zero representation takes its place",
    "token": "the method's own token takes its place",
}

EMPTY = {
    "refuse": "",
    "keep": "; a sample that a pattern leaves nothing of keeps all that it has",
    "predict": "; a sample that a pattern leaves nothing of is predicted from nothing",
}

SHOWN = {
    "image": "as it is",
    "depth": "near is dark, far is light",
    "spectrogram": "time to the right, frequency upwards",
    "audio": "as a spectrogram: time to the right, frequency upwards, 80 dB below the loudest clean point is black",
    "vector": "bars in standard deviations of each entry, under an inverse hyperbolic sine; grey: clean",
    "sequence": "its first three entries over time; grey: clean",
    "text": "as it is",
}
"""How the gallery shows a modality of each kind."""

INTERVAL = (
    "mean of the per-seed differences with its 95 % paired t interval over training seeds, not corrected for the "
    "number of comparisons; ▲ better, ▼ worse: the interval excludes 0"
)
"""What the differences and their signs mean."""


def facts_lines(run: Run) -> Iterator[tuple[str, str]]:
    """What was measured, as name and value."""
    facts = run.facts
    protocol = facts["protocol"]
    yield "datasets", ", ".join(each["name"] for each in facts["datasets"])
    yield "protocol", f"{protocol['name']}, version {protocol['version']}, seed {protocol['seed']}"
    yield "missing means", missing_means(protocol)
    yield "training seeds", ", ".join(map(str, facts["seeds"]))
    yield "cells", cells_line(run)


def missing_means(protocol: Mapping[str, Any]) -> str:
    """What takes an absent modality's place, and what happens to samples of which nothing is left."""
    return f"{protocol['means']}{EMPTY[protocol.get('empty', 'refuse')]}"


def cells_line(run: Run) -> str:
    """How many cells there are, finished and failed."""
    finished = len({(each.method, each.dataset, each.seed, each.condition.name) for each in run.scores})
    failed = f", {len(run.failures):,} failed" if run.failures else ""
    return f"{finished:,} of {len(run.facts['cells']):,} finished{failed}"


def counted_rows(run: Run) -> str:
    """Encoder rows computed beside the least possible (guarantee G1)."""
    rows = run.facts["encoder_rows"]
    sign = "=" if rows["computed"] == rows["minimal"] else "≠"
    return f"encoder rows computed {rows['computed']:,} {sign} minimal {rows['minimal']:,}"


def failure_lines(run: Run) -> Iterator[str]:
    """Methods that were left out, failed cells (a line for each reason), then summaries that failed."""
    for method, reason in run.facts["left_out"].items():
        yield f"{method} was left out: {reason}"
    together: dict[tuple[str, str, str], list[Mapping[str, Any]]] = {}
    for each in run.failures:
        together.setdefault((each["method"], each["dataset"], str(each["reason"])), []).append(each)
    for (method, dataset, reason), cells in together.items():
        yield f"{method} on {dataset}, {_where(cells)}: {reason}"
    yield from summary_faults(run)


def footnotes(run: Run, table: Table) -> Iterator[str]:
    """What the marks of a table mean: only those that occur."""
    seeds = len(run.facts["seeds"])
    yield f"mean ± sample standard deviation over {seeds} training seeds" if seeds > 1 else "one training seed"
    if any(table.best):
        yield "* best method under this condition"
    for note in dict.fromkeys(row.oracle for row in table.rows if row.oracle):
        yield f"† uses oracle knowledge ({note}); left out when the best is marked"
    if any(value.gaps and value.n for row in table.rows for value in row.values):
        yield "! over fewer training seeds than the others; left out when the best is marked"


def _where(cells: Sequence[Mapping[str, Any]]) -> str:
    seeds = sorted({each["seed"] for each in cells})
    conditions = list(dict.fromkeys(each.get("condition") or "every condition" for each in cells))
    where = conditions[0] if len(conditions) == 1 else f"{len(conditions)} conditions, the first {conditions[0]}"
    return f"{'seed' if len(seeds) == 1 else 'seeds'} {', '.join(map(str, seeds))}, {where}"
