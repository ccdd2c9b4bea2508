"""``brownout run``: compute what is missing of a suite, and report."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

if TYPE_CHECKING:
    from brownout.engine.settings import Settings
    from brownout.results import Run
    from brownout.suite.schema import Suite

Set = Annotated[
    list[str] | None,
    typer.Option("--set", envvar="BROWNOUT_SET", metavar="KEY=VALUE", help="Override a key of the suite."),
]
Out = Annotated[Path | None, typer.Option(envvar="BROWNOUT_OUT", help="Run folder; runs/SUITE if not given.")]
Cache = Annotated[Path | None, typer.Option(envvar="BROWNOUT_CACHE", help="Cache folder; .cache beside the run.")]
Executor = Annotated[str, typer.Option(envvar="BROWNOUT_EXECUTOR", help="See 'brownout list executor'.")]
Workers = Annotated[int | None, typer.Option(envvar="BROWNOUT_WORKERS", min=1, help="For executors with several.")]
Device = Annotated[str, typer.Option(envvar="BROWNOUT_DEVICE", help="auto, cpu, cuda, cuda:1 ...")]
Batch = Annotated[int, typer.Option("--batch-size", envvar="BROWNOUT_BATCH_SIZE", min=1, help="In evaluation.")]
Limit = Annotated[
    int | None, typer.Option(envvar="BROWNOUT_LIMIT", min=1, help="Only the first N test samples; not comparable.")
]
DryRun = Annotated[
    bool,
    typer.Option("--dry-run", envvar="BROWNOUT_DRY_RUN", help="Check everything, print the plan, compute nothing."),
]


def run(
    suite: Annotated[Path, typer.Argument(help="Suite file (YAML).")],
    out: Out = None,
    cache: Cache = None,
    overrides: Set = None,
    executor: Executor = "serial",
    workers: Workers = None,
    device: Device = "auto",
    batch: Batch = 256,
    limit: Limit = None,
    dry_run: DryRun = False,
) -> int:
    """Run a suite: compute the cells that are missing, then print the table and write report.html."""
    from brownout.suite import load_suite

    checked = load_suite(suite, overrides or ())
    from brownout.engine.settings import Settings

    settings = Settings(out, cache, executor, workers, device, batch, limit)
    if dry_run:
        return _dry_run(checked, settings)
    return _report(_compute(checked, settings))


def _compute(suite: Suite, settings: Settings) -> Run:
    from brownout.cli.progress import Watcher
    from brownout.engine.coordinate import run_suite

    with Watcher(Console(stderr=True)) as watcher:
        return run_suite(suite, settings, watcher)


def _report(run: Run) -> int:
    """Print the table, write the HTML file; the exit code says whether every cell is there."""
    from brownout.report import render_terminal, write_html

    write_html(run, run.folder / "report.html")
    render_terminal(run, Console())
    counts = run.facts["counts"]
    if counts["cells"] == 0:
        return 5
    return 1 if counts["failed"] or counts["finished"] < counts["cells"] else 0


def _dry_run(suite: Suite, settings: Settings) -> int:
    from brownout.engine.plan import minimal_rows, works_for
    from brownout.engine.preflight import prepare

    ready = prepare(suite, settings, remember=False)
    plan, missing = ready.plan, ready.missing
    works = works_for(missing, ready.store)
    rows = minimal_rows(works, plan.datasets, ready.store)
    console = Console(highlight=False)
    for name, conditions in plan.conditions.items():
        console.print(f"{name}: {len(conditions)} conditions", markup=False)
        for condition in conditions:
            console.print(f"  {condition.facts.name}", markup=False)
    for name, why in plan.left_out.items():
        console.print(f"method {name} is left out: {why}", markup=False)
    kinds = [type(work).__name__ for work in works]
    console.print(
        f"{len(plan.cells)} cells, {len(missing)} missing; to do: {kinds.count('FitWork')} fits, "
        f"{kinds.count('ViewWork')} view groups, {rows['encoder']} encoder rows, {rows['backbone']} backbone rows"
    )
    return 0
