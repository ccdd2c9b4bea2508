"""Summaries of a run, looked up in the catalogue."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from brownout.report.cells import FAILED, Cells, Gap, Value
from brownout.results import Run
from brownout_registry import ConditionFacts, Score, catalogue, resolve


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
            gap = Gap(FAILED, f"summary {self.title}: {type(error).__name__}: {error}")
            return Value({}, dict.fromkeys(cells.seeds, gap))


def summaries_of(run: Run) -> tuple[SummaryColumn, ...]:
    """The summaries that the run's suite asks for; one whose plugin is not installed fails when it is computed."""
    return tuple(_column(facts) for facts in run.facts["summaries"])


def _column(facts: Mapping[str, Any]) -> SummaryColumn:
    def function(scores: Sequence[Score], higher_is_better: bool) -> float:
        target = resolve(catalogue().find("summary", facts["use"]).card)
        return float(target(scores, higher_is_better, **facts["options"]))

    return SummaryColumn(facts["name"], facts["summary"], facts["unit"], function)
