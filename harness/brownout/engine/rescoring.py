"""Scores of a finished run again, or under other metrics, from its stored predictions alone."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from brownout.engine.components import bind
from brownout.engine.files import digest_of
from brownout.engine.folder import Record, RunFolder
from brownout.engine.predictions import read_predictions
from brownout.engine.provenance import metric_entry, metric_name
from brownout.engine.scoring import Metrics, merged, score
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
        UsageError: there is no run, another command is at work in it, or a metric is not known.
    """
    folder = RunFolder(run)
    if not folder.facts():
        raise UsageError(f"{run}: no run here (run.json is missing); 'brownout run SUITE' makes one")
    with folder.locked():
        facts = folder.facts()
        uses = uses or [Use.model_validate(each) for each in facts["suite_content"]["metrics"]]
        metrics = [(metric_name(use), bind("metric", use.use, use.options)) for use in uses]
        cells = _scored(folder, facts["cells"], metrics, warn)
        if cells:
            folder.append(cells)
        known = {each["name"] for each in facts["metrics"]}
        new = [entry for use in uses if (entry := metric_entry(use))["name"] not in known]
        folder.write_facts({**facts, "metrics": [*facts["metrics"], *new]})
    return [name for name, _ in metrics]


def _scored(folder: RunFolder, keys: Sequence[str], metrics: Metrics, warn: Callable[[str], None]) -> list[Record]:
    """The records of finished cells with new scores."""
    found, scored, faults = folder.cells(), [], dict[str, None]()
    for record in (found[key] for key in keys if key in found and found[key]["status"] == "finished"):
        path = folder.path / record["file"]
        if not path.is_file() or digest_of(path) != record["digest"]:
            faults["cells whose predictions are gone or harmed keep their scores; 'brownout run' makes them"] = None
            continue
        scored.append(merged(record, score(read_predictions(path), metrics)))
        faults |= {f"metric {name}: {why}": None for name, why in scored[-1]["unscored"].items()}
    for fault in faults:
        warn(fault)
    return scored
