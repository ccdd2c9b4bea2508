"""Summaries of a run, looked up in the catalogue."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from brownout.engine.faults import reason
from brownout.report.cells import FAILED, Cells, Gap, Value, conditions_of
from brownout.results import Run
from brownout_registry import ConditionFacts, Score, catalogue, resolve


@dataclass(frozen=True)
class SummaryGap(Gap):
    """The summary itself failed, not a cell that it needs."""


@dataclass(frozen=True)
class SummaryColumn:
    """One summary with its options bound: ``function(scores, higher_is_better)``."""

    title: str
    note: str
    unit: Literal["metric", "share"]
    function: Callable[[Sequence[Score], bool], float]

    def value(self, cells: Cells, method: str, conditions: Sequence[ConditionFacts], higher_is_better: bool) -> Value:
        """Its value for each training seed that has every condition; over fewer it would not be comparable."""
        try:
            return cells.reduce(method, conditions, lambda scores: self.function(scores, higher_is_better))
        except Exception as error:  # noqa: BLE001  a plugin's summary may fail in any way; the others must go on
            return Value({}, dict.fromkeys(cells.seeds, SummaryGap(FAILED, f"summary {self.title}: {reason(error)}")))


def summaries_of(run: Run) -> tuple[SummaryColumn, ...]:
    """The summaries that the run's suite asks for; one whose plugin is not installed fails when it is computed."""
    return tuple(_column(facts) for facts in run.facts["summaries"])


def summary_faults(run: Run) -> Iterator[str]:
    """Why summaries failed, once for each reason; what a failed cell keeps them from is told as that cell's failure."""
    found = (gap for value in _values(run) for gap in value.gaps.values() if isinstance(gap, SummaryGap))
    yield from dict.fromkeys(gap.reason for gap in found)


def _values(run: Run) -> Iterator[Value]:
    """Every value of every summary."""
    columns = summaries_of(run)
    for dataset in (each["name"] for each in run.facts["datasets"] if columns):
        conditions = conditions_of(run, dataset)
        for metric in run.facts["metrics"]:
            cells = Cells.of(run, dataset, metric["name"])
            for method in run.facts["methods"]:
                for column in columns:
                    yield column.value(cells, method["name"], conditions, metric["higher_is_better"])


def _column(facts: Mapping[str, Any]) -> SummaryColumn:
    def function(scores: Sequence[Score], higher_is_better: bool) -> float:
        target = resolve(catalogue().find("summary", facts["use"]).card)
        return float(target(scores, higher_is_better, **facts["options"]))

    return SummaryColumn(facts["name"], facts["summary"], facts["unit"], function)
