"""Whether a cell passes: it was computed, its gates hold, and it is no worse than in the baseline."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

import pytest

from brownout.engine.folder import Record
from brownout.pytest_plugin.baseline import Section, digest_of_used
from brownout.pytest_plugin.computing import Results, run_folder
from brownout.pytest_plugin.listing import Listed, ListedSuite
from brownout.pytest_plugin.regression import Change, change, metric_function
from brownout.suite.schema import Gate

if TYPE_CHECKING:
    from brownout.pytest_plugin.state import State


@dataclass
class Verdict:
    """What is said of a cell.

    Attributes:
        record: its line of ``cells.jsonl``.
        failures: why it fails, a line each; it passes if there are none.
        changes: against the baseline, by metric.
        stored: its values in the baseline, by metric.
    """

    record: Record
    failures: list[str] = field(default_factory=list)
    changes: dict[str, Change] = field(default_factory=dict)
    stored: dict[str, float | None] = field(default_factory=dict)

    def properties(self, cell: Listed) -> Iterator[tuple[str, object]]:
        """What junit and other readers of ``user_properties`` see."""
        yield from named(cell, self.record)
        for metric, found in self.changes.items():
            yield f"brownout.baseline.{metric}", json.dumps(self.stored[metric])
            yield f"brownout.change.{metric}", f"{found.verdict}: {found.why}" if found.why else found.verdict
        if self.failures:
            yield "brownout.failed", "; ".join(self.failures)

    def measured(self, state: State, listed: ListedSuite, cell: Listed) -> dict[str, Any]:
        """What outputs are made of, as plain data."""
        changes = {metric: asdict(found) for metric, found in self.changes.items()}
        common = measured(state, listed, cell, self.record)
        return {**common, "failures": list(self.failures), "changes": changes, "gated": bool(cell.gates)}


def named(cell: Listed, record: Record) -> Iterator[tuple[str, object]]:
    """A cell's name and scores as properties."""
    facts = cell.condition
    for key, value in zip(("dataset", "method", "seed", "condition"), cell.name, strict=True):
        yield f"brownout.{key}", value
    yield from (("brownout.kind", facts.kind), ("brownout.severity", facts.severity))
    if facts.level is not None:
        yield "brownout.level", facts.level
    yield from ((f"brownout.score.{name}", json.dumps(value)) for name, value in record.get("scores", {}).items())


def measured(state: State, listed: ListedSuite, cell: Listed, record: Record) -> dict[str, Any]:
    """A cell's name, scores and whereabouts as plain data."""
    root = state.config.rootpath.resolve()
    path = listed.path.relative_to(root) if listed.path.is_relative_to(root) else listed.path
    names = dict(zip(("dataset", "method", "seed", "condition"), cell.name, strict=True))
    folder = str(run_folder(listed.suite, state.options))
    return {**names, "file": path.as_posix(), "folder": folder, "id": cell.id, "scores": record.get("scores", {})}


def judge(state: State, listed: ListedSuite, cell: Listed, items: list[pytest.Item]) -> Verdict:
    """Hold a computed cell to its gates and to the baseline."""
    results = state.computed(listed.path, items)
    record = results.records.get(cell.name, {"status": "failed", "reason": "was not computed"})
    verdict = Verdict(record)
    if record["status"] == "failed":
        verdict.failures.append(record["reason"])
        return verdict
    metrics = {each["name"]: each for each in results.run.facts["metrics"]}
    first = next(iter(metrics))
    for place, gate in cell.gates:
        verdict.failures += _held(results, listed, cell, gate, metrics[gate.metric or first], f"gates[{place}]")
    if state.options.baseline and not state.options.accept:
        wanted = dict.fromkeys([first, *(gate.metric for _, gate in cell.gates if gate.metric)])
        _compare(state, results, cell, state.baseline(listed.path), [metrics[name] for name in wanted], verdict)
    return verdict


def _held(
    results: Results, listed: ListedSuite, cell: Listed, gate: Gate, metric: Mapping[str, Any], where: str
) -> Iterator[str]:
    """Which bounds of a gate do not hold."""
    name = metric["name"]
    if (gate.minimum, gate.maximum, gate.drop) == (None, None, None):
        return
    value = results.score(cell.name, name)
    if value is None:
        yield f"{name} is undefined ({where})"
        return
    if gate.minimum is not None and value < gate.minimum:
        yield f"{name} {value:.4f} is below the minimum {gate.minimum:g} ({where})"
    if gate.maximum is not None and value > gate.maximum:
        yield f"{name} {value:.4f} is above the maximum {gate.maximum:g} ({where})"
    if gate.drop is not None:
        clean = results.score(listed.clean[cell.name[:3]].name, name)
        if clean is None:
            yield f"{name} is undefined on clean inputs, so there is nothing to drop from ({where})"
            return
        drop = clean - value if metric["higher_is_better"] else value - clean
        if drop > gate.drop + 1e-12:
            yield f"{name} {value:.4f} is {drop:.4f} worse than clean ({clean:.4f}), at most {gate.drop:g} ({where})"


def _compare(
    state: State,
    results: Results,
    cell: Listed,
    section: Section | None,
    metrics: list[Mapping[str, Any]],
    verdict: Verdict,
) -> None:
    entry = section["cells"].get(cell.id) if section else None
    if entry is None:
        if state.options.missing == "fail":
            verdict.failures.append("the baseline does not have this cell (--brownout-missing fail)")
        return
    if entry.get("level") != cell.condition.level:
        verdict.failures.append(f"the condition's level is {cell.condition.level}, in the baseline {entry['level']}")
        return
    now_used = digest_of_used(results.run.facts, cell.name)
    if entry.get("used", now_used) != now_used:
        verdict.failures.append("the condition has other options or levels than in the baseline")
        return
    for metric in metrics:
        name = metric["name"]
        before, now = entry["scores"].get(name), verdict.record["scores"].get(name)
        if before is None:
            continue
        found = Change("worse", "it is undefined now") if now is None else _change(state, results, cell, entry, metric)
        verdict.changes[name], verdict.stored[name] = found, before
        if found.verdict == "worse":
            value = "" if now is None else f" {now:.4f}"
            verdict.failures.append(f"{name}{value} is worse than the baseline's {before:.4f}: {found.why}")


def _change(state: State, results: Results, cell: Listed, entry: dict[str, Any], metric: Mapping[str, Any]) -> Change:
    now = results.score(cell.name, metric["name"])
    assert now is not None
    return change(
        now,
        float(entry["scores"][metric["name"]]),
        results.stored(cell.name),
        entry,
        metric_function(metric),
        state.options.tolerance,
        higher_is_better=bool(metric["higher_is_better"]),
    )
