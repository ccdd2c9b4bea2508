"""Results of a run, read back from its folder."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from brownout.engine.folder import RunFolder
from brownout.engine.specs import CellName
from brownout_registry import ConditionFacts, Score, UsageError

if TYPE_CHECKING:
    from brownout.report.plain import Table


@dataclass(frozen=True)
class Run:
    """A run.

    Attributes:
        folder: where it is kept.
        facts: the content of ``run.json``.
        scores: of every finished cell and metric, in the order of methods, seeds and conditions.
        failures: failed cells, with ``method``, ``dataset``, ``seed``, ``condition`` and ``reason``.
        digests: of every finished cell's stored predictions, by dataset, method, seed and condition.
    """

    folder: Path
    facts: Mapping[str, Any]
    scores: tuple[Score, ...]
    failures: tuple[Mapping[str, Any], ...]
    digests: Mapping[CellName, str] = field(default_factory=dict)

    def table(self, metric: str | None = None, dataset: str | None = None) -> Table:
        """Methods × conditions as plain data, which prints and shows itself in a notebook.

        Args:
            metric: by its name in scores; the suite's first if not given.
            dataset: by its name in reports; the suite's first if not given.

        Raises:
            UsageError: the run has no such metric or data set.
        """
        from brownout.report.plain import table_of  # noqa: PLC0415  the report stands on this module

        return table_of(self, metric, dataset)


def load_run(folder: Path | str) -> Run:
    """Read a run folder.

    Raises:
        UsageError: there is no run in it, or it cannot be read.
    """
    run_folder = RunFolder(Path(folder))
    facts = run_folder.facts()
    if not facts:
        raise UsageError(f"{folder}: no run here (run.json is missing); 'brownout run SUITE' makes one")
    conditions = {
        (dataset, each["name"]): ConditionFacts(**each)
        for dataset, found in facts["conditions"].items()
        for each in found
    }
    records = run_folder.cells()
    cells = [records[key] for key in facts["cells"] if key in records]
    finished = [cell for cell in cells if cell["status"] == "finished"]
    scores = tuple(
        Score(
            cell["method"],
            cell["dataset"],
            cell["seed"],
            conditions[cell["dataset"], cell["condition"]],
            metric["name"],
            _number(cell["scores"].get(metric["name"])),
        )
        for cell in finished
        for metric in facts["metrics"]
    )
    digests = {(cell["dataset"], cell["method"], cell["seed"], cell["condition"]): cell["digest"] for cell in finished}
    return Run(Path(folder), facts, scores, tuple(cell for cell in cells if cell["status"] == "failed"), digests)


def _number(value: float | None) -> float:
    return math.nan if value is None else float(value)
