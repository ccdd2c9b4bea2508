"""A run from suite to results: plan, executor, commits, provenance."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from typing import Any, Protocol

from brownout.engine.board import WorkBoard
from brownout.engine.components import key_of
from brownout.engine.faults import reason, told_if_full
from brownout.engine.fitted import draw_figures, first_seed_methods
from brownout.engine.folder import RunFolder
from brownout.engine.gallery import gallery_key, make_gallery
from brownout.engine.lifecycle import announce
from brownout.engine.plan import Plan, fit_works, minimal_rows, works_for
from brownout.engine.predictions import read_predictions
from brownout.engine.preflight import Named, prepare
from brownout.engine.provenance import provenance, title
from brownout.engine.scoring import merged, score, stale
from brownout.engine.settings import Settings
from brownout.engine.shelf import Shelf
from brownout.engine.store import Store
from brownout.engine.worker import Job, start
from brownout.engine.works import Work
from brownout.results import Run, load_run
from brownout.suite.schema import Suite
from brownout.suite.uses import Use
from brownout_registry import Executor, TaskOutcome


class Progress(Protocol):
    """Who watches a run."""

    def begin(self, plan: Plan, found: int, works: Sequence[Work]) -> None:
        """The plan stands: so many cells were found finished, and this work is left."""

    def advance(self, work: Work, outcome: TaskOutcome) -> None:
        """A piece of work is done."""

    def warn(self, message: str) -> None:
        """Something that costs no result."""


class Silent:
    """Nobody watches."""

    def begin(self, plan: Plan, found: int, works: Sequence[Work]) -> None:
        """Ignore."""

    def advance(self, work: Work, outcome: TaskOutcome) -> None:
        """Ignore."""

    def warn(self, message: str) -> None:
        """Ignore."""


def run_suite(suite: Suite, settings: Settings | None = None, progress: Progress | None = None) -> Run:
    """Compute what is missing of a suite's cells and read the whole run back.

    Raises:
        UsageError: a mistake in suite, data or folder; nothing has been computed then.
    """
    settings, progress = settings or Settings(), progress or Silent()
    ready = prepare(suite, settings, remember=True)
    named = (ready.metrics, ready.figures)
    with told_if_full(ready.folder.path, ready.store.folder), ready.folder.locked():
        session = _Session(ready.plan, ready.folder, ready.store, *named, ready.device, settings, progress)
        session.execute(ready.executor)
    return load_run(ready.folder.path)


@dataclass
class _Session:
    """One command's work on a run folder."""

    plan: Plan
    folder: RunFolder
    store: Store
    metrics: Named
    figures: Named
    device: str
    settings: Settings
    progress: Progress
    counts: Counter[str] = field(default_factory=Counter)
    told: set[str] = field(default_factory=set)
    started: float = field(default_factory=time.perf_counter)

    def execute(self, executor: Executor) -> None:
        """Find what is there, compute the rest, write everything down."""
        before = self.folder.facts()
        self.store.sweep()
        found = self._rescored(self.folder.mend())
        missing = [cell for cell in filter(self.settings.wants, self.plan.cells) if cell.key not in found]
        known = sum(cell.key in found for cell in self.plan.cells)
        works = works_for(missing, self.store)
        works += [work for work in self._fits_for_figures(before) if work not in works]
        minimal = minimal_rows(works, self.plan.datasets, self.store)
        facts = {**provenance(self.plan, self.device), **self._carried(before), "state": "running"}
        facts["metrics"] += _scored_later(before, facts["metrics"])
        facts["cells"] = [cell.key for cell in self.plan.cells]
        self.folder.write_facts(facts)
        self.progress.begin(self.plan, known, works)
        counts = {"cells": len(self.plan.cells), "finished": known}
        self._announce("brownout_run_started", plan=counts)
        job = Job(self.folder.path, self.store.folder, self.device, self.settings.batch, self.metrics)
        try:
            executor(WorkBoard(works, self._done), partial(start, job))
            facts |= self._drawn(before) | self._gallery(before)
            facts["state"] = "finished"
        except BaseException:
            facts["state"] = "interrupted"
            raise
        finally:
            self._close(facts, len(missing), minimal)
        self._announce("brownout_run_finished", run=facts)

    def _done(self, work: Work, outcome: TaskOutcome) -> None:
        """Commit the cells of a piece of work."""
        self.counts.update(outcome.counts)
        if outcome.cells:
            self.folder.append(list(outcome.cells))
        self.progress.advance(work, outcome)
        self._tell_unscored(outcome.cells)
        for cell in outcome.cells:
            self._announce("brownout_cell_finished", cell=cell)

    def _announce(self, hook: str, **arguments: Any) -> None:
        announce(hook, self.progress.warn, folder=self.folder.path, **arguments)

    def _rescored(self, found: dict[str, Any]) -> dict[str, Any]:
        """Score finished cells under metrics that are new to them or were changed, from their stored predictions."""
        wanted = {cell.key for cell in self.plan.cells}
        mended = []
        for key in wanted & found.keys():
            if metrics := stale(found[key], self.metrics):
                stored = read_predictions(self.folder.path / found[key]["file"])
                mended.append(merged(found[key], score(stored, metrics)))
        if mended:
            self.folder.append(mended)
        self._tell_unscored(mended)
        return found

    def _tell_unscored(self, cells: Sequence[Mapping[str, Any]]) -> None:
        """Warn of metrics that failed, once for each reason."""
        faults = {f"metric {name}: {why}" for cell in cells for name, why in cell.get("unscored", {}).items()}
        for fault in sorted(faults - self.told):
            self.progress.warn(fault)
        self.told |= faults

    def _fits_for_figures(self, before: Mapping[str, Any]) -> list[Work]:
        if before.get("figures_of") == self._figures_key() or not self.figures or self.settings.only is not None:
            return []
        methods = [method for dataset in self.plan.specs for method in first_seed_methods(self.plan, dataset)]
        return fit_works(methods, self.store)

    def _figures_key(self) -> list[str]:
        methods = [method.key for name in self.plan.specs for method in first_seed_methods(self.plan, name)]
        return [*methods, *(component.source + component.options for _, component in self.figures)]

    def _drawn(self, before: Mapping[str, Any]) -> dict[str, Any]:
        """The report's figures; one that fails costs itself only."""
        key = self._figures_key()
        if before.get("figures_of") == key or self.settings.only is not None:
            return {}
        shelf = Shelf(self.store, self.device, self.settings.batch)
        try:
            return {"figures": draw_figures(shelf, self.plan, self.figures, self.folder.path), "figures_of": key}
        except Exception as error:  # noqa: BLE001  a figure may fail in any way, and costs itself only
            self.progress.warn(f"figures could not be drawn: {reason(error)}")
            return {"figures": []}

    def _gallery(self, before: Mapping[str, Any]) -> dict[str, Any]:
        """Pictures of a sample under every perturbation; what fails here costs the gallery only."""
        key = key_of(gallery_key(self.plan))
        if before.get("gallery_of") == key or self.settings.only is not None:
            return {}
        try:
            return {"gallery": make_gallery(self.plan, self.folder.path), "gallery_of": key}
        except Exception as error:  # noqa: BLE001  a data set may fail in any way
            self.progress.warn(f"the gallery could not be made: {reason(error)}")
            return {"gallery": []}

    def _carried(self, before: Mapping[str, Any]) -> dict[str, Any]:
        """What earlier commands on this folder left that still counts."""
        kept = {"sessions": before.get("sessions", []), "encoder_rows": before.get("encoder_rows", _no_rows())}
        limit = self.settings.limit
        reason_ = f"only the first {limit} test samples were used (--limit)" if limit else None
        figures = {"figures": before.get("figures", []), "figures_of": before.get("figures_of")}
        figures |= {"gallery": before.get("gallery", []), "gallery_of": before.get("gallery_of")}
        return {**kept, **figures, "not_comparable": reason_}

    def _close(self, facts: dict[str, Any], missing: int, minimal: Mapping[str, int]) -> None:
        cells = self.folder.cells()
        mine = [cells[cell.key]["status"] for cell in self.plan.cells if cell.key in cells]
        seconds = round(time.perf_counter() - self.started, 3)
        rows = {"computed": self.counts["encoder"], "minimal": minimal["encoder"]}
        backbone = {"backbone_computed": self.counts["backbone"], "backbone_minimal": minimal["backbone"]}
        rows |= backbone
        session = {"finished_at": datetime.now(UTC).isoformat(timespec="seconds"), "seconds": seconds, **rows}
        session |= {"cells_missing_before": missing, "state": facts["state"], "executor": self.settings.executor}
        facts["sessions"] = [*facts["sessions"], session]
        if facts["state"] == "finished":  # of what was cut short nobody knows the minimum
            facts["encoder_rows"] = {key: facts["encoder_rows"].get(key, 0) + value for key, value in rows.items()}
        finished, failed = mine.count("finished"), mine.count("failed")
        facts["counts"] = {"cells": len(self.plan.cells), "finished": finished, "failed": failed}
        facts["seconds"] = seconds
        self.folder.write_facts(facts)


def _scored_later(before: Mapping[str, Any], metrics: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """The metrics that ``brownout score`` added to the run: neither the suite asks for them nor did it before."""
    asked = before.get("suite_content", {}).get("metrics", [])
    names = {each["name"] for each in metrics} | {title(Use.model_validate(each)) for each in asked}
    return [each for each in before.get("metrics", []) if each["name"] not in names]


def _no_rows() -> dict[str, int]:
    return {"computed": 0, "minimal": 0, "backbone_computed": 0, "backbone_minimal": 0}
