"""Two runs side by side: differences of the cells that both have, paired by sample."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache, cached_property, partial
from typing import Any

import numpy as np

from brownout.engine.folder import RunFolder
from brownout.engine.predictions import read_predictions
from brownout.report.cells import Cells
from brownout.report.jackknife import Metric, half_width, paired_replicates
from brownout.report.statistics import Difference, verdict_of
from brownout.report.table import Column, Table, condensed_table, full_table, metric_facts
from brownout.results import Run
from brownout_registry import ConditionFacts, UsageError, catalogue, resolve

Place = tuple[str, str, str, int]


@dataclass(frozen=True)
class Comparison:
    """What became of one metric between two runs, as ``after`` minus ``before``."""

    before: Run
    after: Run
    metric: str

    @property
    def datasets(self) -> list[str]:
        """Data sets of both runs."""
        return shared(self.before, self.after, "datasets")

    def table(self, dataset: str, *, full: bool = False) -> Table:
        """Methods and conditions of both runs, without values."""
        table = (full_table if full else condensed_table)(self.after, dataset, self.metric)
        known = {each["name"] for each in self.before.facts["conditions"][dataset]}
        columns = tuple(each for column in table.columns if (each := _within(column, known)).conditions)
        methods = shared(self.before, self.after, "methods")
        rows = tuple(replace(row, values=()) for row in table.rows if row.method in methods)
        return replace(table, columns=columns, rows=rows, best=())

    def difference(self, dataset: str, method: str, conditions: Sequence[ConditionFacts]) -> Difference:
        """Mean difference over conditions and the training seeds of both runs, with its interval over test samples.

        See `brownout.report.jackknife` for the interval; there is none where stored predictions are gone or the
        metric is not installed.
        """
        values = [cells.mean(method, conditions).by_seed for cells in self._cells[dataset]]
        seeds = sorted(values[0].keys() & values[1].keys())
        if not seeds:
            return Difference(None, None, 0, "undecided")
        mean = float(np.mean([values[1][seed] - values[0][seed] for seed in seeds]))
        found = [self._replicates((method, dataset, each.name, seed)) for each in conditions for seed in seeds]
        whole = [each for each in found if each is not None]
        if len(whole) < len(found):
            return Difference(mean, None, len(seeds), "undecided")
        half = half_width(np.mean(whole, axis=0))
        return Difference(mean, half, len(seeds), verdict_of(mean, half, self._higher_is_better))

    def drops(self, threshold: float) -> Iterator[str]:
        """A line for each entry of the full table that became worse by more than ``threshold``.

        An entry is a method under one condition of one data set, as the mean over the training seeds of both runs:
        one seed alone is too noisy for a gate, and a mean over conditions would hide a collapse under one of them.
        An entry that has a value before and none after has dropped; one that became better never has.
        """
        for dataset in self.datasets:
            table = self.table(dataset, full=True)
            for row, column in ((row, column) for row in table.rows for column in table.columns):
                before, after = self._means(dataset, row.method, column.conditions)
                where = f"{row.method} on {dataset}, {column.conditions[0].name}: {self.metric}"
                if before is not None and after is None:
                    yield f"{where} {before:.4f} → no value"
                elif before is not None and after is not None and self._loss(before, after) > threshold + 1e-12:
                    yield f"{where} {before:.4f} → {after:.4f}"

    def _loss(self, before: float, after: float) -> float:
        return before - after if self._higher_is_better else after - before

    def _means(self, dataset: str, method: str, conditions: Sequence[ConditionFacts]) -> tuple[float | None, ...]:
        """The mean over the training seeds of both runs, before and after; None where one of them has no value."""
        seeds = shared(self.before, self.after, "seeds")
        values = [cells.mean(method, conditions).by_seed for cells in self._cells[dataset]]
        return tuple(
            float(np.mean([each[seed] for seed in seeds])) if seeds and set(seeds) <= each.keys() else None
            for each in values
        )

    @cached_property
    def _higher_is_better(self) -> bool:
        return bool(metric_facts(self.after, self.metric)["higher_is_better"])

    @cached_property
    def _cells(self) -> dict[str, tuple[Cells, Cells]]:
        runs = (self.before, self.after)
        return {
            name: (Cells.of(runs[0], name, self.metric), Cells.of(runs[1], name, self.metric)) for name in self.datasets
        }

    @cached_property
    def _files(self) -> tuple[Mapping[Place, str], ...]:
        """The prediction file of every finished cell of both runs."""
        return tuple(
            {
                (each["method"], each["dataset"], each["condition"], each["seed"]): each["file"]
                for each in RunFolder(run.folder).cells().values()
                if each["status"] == "finished" and each["cell"] in set(run.facts["cells"])
            }
            for run in (self.before, self.after)
        )

    @cached_property
    def _function(self) -> Metric | None:
        facts = metric_facts(self.after, self.metric)
        try:
            return partial(resolve(catalogue().find("metric", facts["use"]).card), **facts["options"])
        except (UsageError, KeyError):
            return None

    def _replicates(self, place: Place) -> np.ndarray | None:
        return self._paired(place) if place in self._files[0] and place in self._files[1] else None

    @cached_property
    def _paired(self) -> Callable[[Place], np.ndarray | None]:
        return cache(self._compute)

    def _compute(self, place: Place) -> np.ndarray | None:
        """The differences of one cell without each group of samples."""
        paths = [run.folder / files[place] for run, files in zip((self.before, self.after), self._files, strict=True)]
        if self._function is None or not all(path.is_file() for path in paths):
            return None
        return paired_replicates(self._function, *(read_predictions(path) for path in paths))


def shared(before: Run, after: Run, what: str) -> list[Any]:
    """Names of methods, data sets or metrics, or training seeds, that both runs have, in the order of ``after``."""
    known = _named(before, what)
    return [each for each in _named(after, what) if each in known]


def only_in_one(before: Run, after: Run) -> Iterator[str]:
    """A line for each kind of thing that only one of two runs has."""
    for what in ("methods", "datasets", "seeds"):
        for run, other in ((before, after), (after, before)):
            if alone := [str(each) for each in _named(run, what) if each not in _named(other, what)]:
                yield f"{what} only in {run.folder}: {', '.join(alone)}"
    for dataset in shared(before, after, "datasets"):
        for run, other in ((before, after), (after, before)):
            known = {each["name"] for each in other.facts["conditions"][dataset]}
            alone = [each["name"] for each in run.facts["conditions"][dataset] if each["name"] not in known]
            if alone:
                more = f" and {len(alone) - 3} more" if len(alone) > 3 else ""
                yield f"conditions on {dataset} only in {run.folder}: {', '.join(alone[:3])}{more}"


def _named(run: Run, what: str) -> list[Any]:
    return [each["name"] if isinstance(each, Mapping) else each for each in run.facts[what]]


def _within(column: Column, known: set[str]) -> Column:
    return replace(column, conditions=tuple(each for each in column.conditions if each.name in known))
