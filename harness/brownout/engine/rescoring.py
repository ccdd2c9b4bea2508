"""Scores of a finished run again, or under other metrics, from its stored predictions alone."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from brownout.engine.components import bind
from brownout.engine.faults import located
from brownout.engine.files import digest_of
from brownout.engine.folder import Record, RunFolder
from brownout.engine.predictions import read_predictions
from brownout.engine.provenance import metric_entry, title
from brownout.engine.scoring import Metrics, merged, refusal, score
from brownout.suite.uses import Use
from brownout_registry import UsageError


def rescore(run: Path, uses: Sequence[Use], warn: Callable[[str], None]) -> list[str]:
    """Score every finished cell of a run; no model, no dataset and no encoding is touched.

    Args:
        run: its folder; scores are appended to its cells, and new metrics to those of ``run.json``.
        uses: the metrics; the suite's when there are none.
        warn: told once of each metric that failed, and of cells whose predictions are not whole.

    Returns:
        Names of the metrics, as scores have them.

    Raises:
        UsageError: there is no run, another command is at work in it, a metric is not known, or a new one refuses its
            options; the run is as it was then.
    """
    folder = RunFolder(run)
    if not folder.facts():
        raise UsageError(f"{run}: no run here (run.json is missing); 'brownout run SUITE' makes one")
    with folder.locked():
        facts = folder.facts()
        uses = uses or [Use.model_validate(each) for each in facts["suite_content"]["metrics"]]
        metrics = [(title(use), bind("metric", use.use, use.options)) for use in uses]
        known = {each["name"] for each in facts["metrics"]}
        whole, harmed = _finished(folder, facts["cells"])
        _refuse_mistakes(folder, whole, [each for each in metrics if each[0] not in known])
        if harmed:
            warn("cells whose predictions are gone or harmed keep their scores; 'brownout run' makes them")
        if whole:
            folder.append(_scored(folder, whole, metrics, warn))
        new = [entry for use in uses if (entry := metric_entry(use))["name"] not in known]
        folder.write_facts({**facts, "metrics": [*facts["metrics"], *new]})
    return [name for name, _ in metrics]


def _finished(folder: RunFolder, keys: Sequence[str]) -> tuple[list[Record], bool]:
    """The finished cells whose predictions are whole, and whether there are others."""
    found = folder.cells()
    finished = [found[key] for key in keys if key in found and found[key]["status"] == "finished"]
    whole = [each for each in finished if _is_whole(folder.path / each["file"], each["digest"])]
    return whole, len(whole) < len(finished)


def _is_whole(path: Path, digest: str) -> bool:
    return path.is_file() and digest_of(path) == digest


def _refuse_mistakes(folder: RunFolder, cells: Sequence[Record], metrics: Metrics) -> None:
    """A metric with an option of a wrong type, or one that refuses a cell of every dataset, is a mistake of the user's.

    Raises:
        UsageError: names the first such metric.
    """
    first = {each["dataset"]: each for each in reversed(cells)}
    for name, metric in metrics:
        with located(f"metric {name}"):
            metric.check_types()
            refusals = [refusal(read_predictions(folder.path / each["file"]), metric) for each in first.values()]
            if refusals and all(refusals):
                raise UsageError(refusals[0])


def _scored(folder: RunFolder, cells: Sequence[Record], metrics: Metrics, warn: Callable[[str], None]) -> list[Record]:
    """The records of cells with new scores."""
    scored, faults = [], dict[str, None]()
    for record in cells:
        new = score(read_predictions(folder.path / record["file"]), metrics)
        scored.append(merged(record, new))
        faults |= {f"metric {name}: {why}": None for name, why in new["unscored"].items()}
    for fault in faults:
        warn(fault)
    return scored
