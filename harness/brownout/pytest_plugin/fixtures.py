"""What the fixtures ``cell`` and ``robustness`` give to a user's own test."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import pytest

from brownout.pytest_plugin.computing import Results
from brownout.pytest_plugin.judging import measured, named
from brownout.pytest_plugin.listing import Listed, ListedSuite
from brownout.pytest_plugin.plugin import state_of
from brownout.report.cells import Cells, Value, conditions_of
from brownout.report.summaries import summaries_of
from brownout.report.table import metric_facts
from brownout.results import Run
from brownout_registry import ConditionFacts, Stored, UsageError


@dataclass(frozen=True)
class CellResult:
    """One computed cell.

    Attributes:
        dataset: its name in the suite.
        method: its name in the suite.
        seed: training seed.
        condition: what happened to the samples.
        scores: by metric; None where a metric is undefined.
    """

    dataset: str
    method: str
    seed: int
    condition: ConditionFacts
    scores: Mapping[str, float | None]
    _read: Callable[[], Stored] = field(repr=False)

    @cached_property
    def stored(self) -> Stored:
        """Its predictions, sample by sample, read when they are first asked for."""
        return self._read()


@dataclass(frozen=True)
class Robustness:
    """All cells of one method on one dataset; values are NaN where a training seed has none.

    Attributes:
        dataset: its name in the suite.
        method: its name in the suite.
        run: the run; its other methods need not be computed.
    """

    dataset: str
    method: str
    run: Run = field(repr=False)

    @property
    def metric(self) -> str:
        """The suite's first metric, which methods below take if they are given none."""
        return str(self.run.facts["metrics"][0]["name"])

    @property
    def conditions(self) -> tuple[ConditionFacts, ...]:
        """In protocol order."""
        return conditions_of(self.run, self.dataset)

    def value(self, condition: str = "clean", metric: str | None = None) -> float:
        """Mean over training seeds under one condition.

        Raises:
            KeyError: there is no such condition.
        """
        found = [each for each in self.conditions if each.name == condition]
        if not found:
            raise KeyError(f"no condition {condition!r}; there are {[each.name for each in self.conditions]}")
        return _mean(self._cells(metric).mean(self.method, found))

    def drop(self, condition: str, metric: str | None = None) -> float:
        """How much worse than clean it is under a condition, in the metric's unit; negative if it is better.

        Raises:
            KeyError: there is no such condition, or no clean one.
        """
        loss = self.value("clean", metric) - self.value(condition, metric)
        return loss if metric_facts(self.run, metric or self.metric)["higher_is_better"] else -loss

    def summary(self, name: str, metric: str | None = None) -> float:
        """Mean over training seeds of one of the suite's summaries.

        Raises:
            KeyError: the suite has no such summary.
        """
        found = [each for each in summaries_of(self.run) if each.title == name]
        if not found:
            raise KeyError(f"no summary {name!r}; the suite has {[each.title for each in summaries_of(self.run)]}")
        higher = bool(metric_facts(self.run, metric or self.metric)["higher_is_better"])
        return _mean(found[0].value(self._cells(metric), self.method, self.conditions, higher))

    @property
    def summaries(self) -> dict[str, float]:
        """All summaries of the suite, for its first metric."""
        return {each.title: self.summary(each.title) for each in summaries_of(self.run)}

    def _cells(self, metric: str | None) -> Cells:
        return Cells.of(self.run, self.dataset, metric or self.metric)


def cell_result(request: pytest.FixtureRequest) -> CellResult:
    """The fixture ``cell``; a cell that failed fails its test in one line."""
    listed, cell = _parameter(request, "cell")
    results = _computed(request, listed)
    record = results.records.get(cell.name, {"status": "failed", "reason": "was not computed"})
    request.node.user_properties.extend(named(cell, record))
    state = state_of(request.config)
    common = {"failures": [], "changes": {}, "gated": False}
    state.measured[request.node.nodeid] = {**measured(state, listed, cell, record), **common}
    if record["status"] == "failed":
        pytest.fail(record["reason"], pytrace=False)
    return CellResult(*cell.name[:3], cell.condition, record["scores"], lambda: results.stored(cell.name))


def robustness_of(request: pytest.FixtureRequest) -> Robustness:
    """The fixture ``robustness``; a method with a failed cell fails its test in one line."""
    listed, cell = _parameter(request, "robustness")
    results = _computed(request, listed)
    failed = _failures(results, listed.of(cell.dataset, cell.method))
    if failed:
        pytest.fail(f"{len(failed)} cells of {cell.method} failed, the first: {failed[0]}", pytrace=False)
    found = Robustness(cell.dataset, cell.method, results.run)
    for name, value in found.summaries.items():
        request.node.user_properties.append((f"brownout.summary.{name}", json.dumps(value)))
    return found


def _parameter(request: pytest.FixtureRequest, name: str) -> tuple[ListedSuite, Listed]:
    given: tuple[ListedSuite, Listed] | None = getattr(request, "param", None)
    callspec = getattr(request.node, "callspec", None)
    given = given or (callspec.params.get("cell") if callspec else None)
    if given is None:
        pytest.fail(f"the fixture {name!r} is for tests with @pytest.mark.brownout(suite=...)", pytrace=False)
    return given


def _computed(request: pytest.FixtureRequest, listed: ListedSuite) -> Results:
    try:
        return state_of(request.config).computed(listed.path, request.session.items)
    except UsageError as error:
        raise pytest.fail.Exception(str(error), pytrace=False) from None


def _failures(results: Results, cells: Sequence[Listed]) -> list[str]:
    records = [results.records.get(each.name, {"status": "failed", "reason": "was not computed"}) for each in cells]
    return [str(each["reason"]) for each in records if each["status"] == "failed"]


def _mean(value: Value) -> float:
    if value.gaps or value.mean is None:
        return math.nan
    return value.mean
