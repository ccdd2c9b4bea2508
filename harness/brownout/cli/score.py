"""``brownout score``: metrics again, or other ones, from stored predictions."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

from brownout_registry import UsageError

if TYPE_CHECKING:
    from brownout.suite.uses import Use

Metric = Annotated[
    list[str] | None,
    typer.Option(
        envvar="BROWNOUT_METRIC", help="As in a suite: ece, or {use: ece, bins: 10}; the suite's if not given."
    ),
]


def score(run: Annotated[Path, typer.Argument(help="Run folder.")], metric: Metric = None) -> int:
    """Compute metrics of a run from its stored predictions, without any model, and print their tables."""
    from brownout.engine.rescoring import rescore
    from brownout.report.terminal import print_metric
    from brownout.results import load_run

    errors, faults = Console(stderr=True, highlight=False), list[str]()
    names = rescore(run, [_use(text) for text in metric or ()], faults.append)
    found = load_run(run)
    for name in names:
        for dataset in found.facts["datasets"]:
            print_metric(found, dataset["name"], name, Console())
    for fault in faults:
        errors.print(f"! {fault}", markup=False, soft_wrap=True)
    if not found.scores:
        return 5
    return 1 if faults else 0


def _use(text: str) -> Use:
    import yaml
    from pydantic import ValidationError

    from brownout.suite.uses import Use

    try:
        return Use.model_validate(yaml.safe_load(text))
    except (yaml.YAMLError, ValidationError):
        raise UsageError(f"--metric {text!r}: expected a metric's name, or {{use: NAME, OPTION: VALUE}}") from None
