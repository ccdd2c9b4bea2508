"""``brownout compare``: two runs side by side, and a gate."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.text import Text

from brownout_registry import UsageError, unknown

if TYPE_CHECKING:
    from brownout.report.comparison import Comparison
    from brownout.results import Run

Metric = Annotated[str | None, typer.Option(envvar="BROWNOUT_METRIC", help="The first that both have, if not given.")]
FailOn = Annotated[
    list[str] | None,
    typer.Option(
        envvar="BROWNOUT_FAIL_ON",
        metavar="METRIC:CHANGE",
        help="Exit code 1 when a method became worse by more than this under any condition, as the mean over "
        "training seeds: accuracy:-0.02, nll:+0.1. In the metric's own unit; getting better never fails.",
    ),
]
Full = Annotated[bool, typer.Option("--full", envvar="BROWNOUT_FULL", help="Every condition in a row of its own.")]
NOTE = (
    "after − before, mean over the training seeds of both, with its 95 % interval over test samples (paired "
    "delete-a-group jackknife), not corrected for the number of comparisons; ▲ better, ▼ worse: the interval excludes 0"
)


def compare(
    before: Annotated[Path, typer.Argument(help="Run folder of the earlier or reference run.")],
    after: Annotated[Path, typer.Argument(help="Run folder of the run that is judged.")],
    metric: Metric = None,
    fail_on: FailOn = None,
    full: Full = False,
) -> int:
    """Compare two runs of the same protocol on the same data: methods × conditions, AFTER minus BEFORE."""
    from brownout.report.comparable import refuse_other_protocol_or_data
    from brownout.report.comparison import Comparison, only_in_one, shared
    from brownout.report.units import plain
    from brownout.results import load_run

    runs = load_run(before), load_run(after)
    refuse_other_protocol_or_data(*runs)
    names = shared(*runs, "metrics")
    gates = [_gate(runs, names, text) for text in fail_on or ()]
    chosen = metric or next(iter(names), "")
    if chosen not in names:
        raise _no_metric(runs, "--metric", chosen)
    console, failed = Console(), [line for gate, limit in gates for line in gate.drops(limit)]
    compared = _print_tables(Comparison(*runs, chosen), console, full=full)
    for line in only_in_one(*runs):
        console.print(Text(plain(line), style="dim"))
    for line in failed:
        console.print(Text(f"! {plain(line)}", style="red"), soft_wrap=True)
    if gates and compared:
        said = ", ".join(fail_on or ())
        console.print(f"{len(failed)} worse than {said} allows" if failed else f"none worse than {said} allows")
    return 1 if failed else 0 if compared else 5


def _print_tables(comparison: Comparison, console: Console, *, full: bool) -> bool:
    """Print a table for each data set; whether there was anything to compare."""
    from brownout.report.table import metric_facts, metric_unit
    from brownout.report.terminal import difference_texts, print_grids

    unit, compared = metric_unit(metric_facts(comparison.after, comparison.metric)), False
    for dataset in comparison.datasets:
        table = comparison.table(dataset, full=full)
        if not table.rows or not table.columns:
            continue
        entries = [
            [comparison.difference(dataset, row.method, column.conditions) for column in table.columns]
            for row in table.rows
        ]
        title = f"{dataset} · {unit.heading(comparison.metric)}, {comparison.after.folder} − {comparison.before.folder}"
        print_grids(console, title, table, [difference_texts(found, unit) for found in entries])
        console.print(Text(NOTE, style="dim"))
        compared = compared or any(each.mean is not None for found in entries for each in found)
    return compared


def _gate(runs: tuple[Run, Run], names: list[str], text: str) -> tuple[Comparison, float]:
    """What ``METRIC:CHANGE`` says: the comparison, and how much worse is allowed."""
    from brownout.report.comparison import Comparison
    from brownout.report.table import metric_facts

    name, _, number = text.rpartition(":")
    try:
        change = float(number)
    except ValueError:
        change = math.nan
    if not name or not math.isfinite(change):
        raise UsageError(f"--fail-on {text!r}: expected METRIC:CHANGE, such as accuracy:-0.02")
    if name not in names:
        raise _no_metric(runs, "--fail-on", name)
    sign = -1 if metric_facts(runs[1], name)["higher_is_better"] else 1
    if change * sign < 0:
        what = "higher" if sign < 0 else "lower"
        raise UsageError(f"--fail-on {text!r}: of {name}, {what} is better, so worse is {name}:{-change:+g}")
    return Comparison(*runs, name), abs(change)


def _no_metric(runs: tuple[Run, Run], option: str, name: str) -> UsageError:
    """Neither run has it, or only one: then ``brownout score`` helps."""
    known = {each["name"] for run in runs for each in run.facts["metrics"]}
    if name not in known:
        return UsageError(f"{option}: {unknown('metric', name, known)}")
    lacking = next(run for run in runs if name not in {each["name"] for each in run.facts["metrics"]})
    return UsageError(
        f"{option}: {lacking.folder} has no {name!r}; 'brownout score {lacking.folder} --metric …' adds it"
    )
