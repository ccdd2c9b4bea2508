"""The cells of a run as tidy CSV (RFC 4180): one row for each cell and metric."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Iterator, Mapping
from typing import Any

from brownout.report.cells import FAILED, UNDEFINED
from brownout.results import Run
from brownout_registry import ConditionFacts

COLUMNS = (
    *("suite", "method", "variant", "dataset", "seed", "condition", "kind", "group", "severity", "level", "parameter"),
    *("access", "metric", "value", "status", "reason"),
)
Fact = str | int | float | None


def render_csv(run: Run) -> str:
    r"""Every cell and metric in a row of its own; lines end in CR LF, and values keep all their digits.

    ``status`` is ``finished``, ``undefined`` (the metric has no value there) or ``failed``; then ``value`` is empty,
    and ``reason`` says why a cell failed.
    """
    stream = io.StringIO()
    writer = csv.DictWriter(stream, COLUMNS, restval="", lineterminator="\r\n")
    writer.writeheader()
    writer.writerows(_rows(run))
    return stream.getvalue()


def _rows(run: Run) -> Iterator[dict[str, Fact]]:
    variants = {each["name"]: each["variant"] for each in run.facts["methods"]}
    for score in run.scores:
        where = _where(run, score.method, score.dataset, score.seed, variants)
        gone = math.isnan(score.value)
        value = {"value": None if gone else score.value, "status": UNDEFINED.mark if gone else "finished"}
        yield {**where, **_condition(score.condition), "metric": score.metric, **value}
    for each in run.failures:
        where = _where(run, each["method"], each["dataset"], each["seed"], variants)
        condition = _condition(_named(run, each["dataset"], each.get("condition")))
        for metric in run.facts["metrics"]:
            yield {**where, **condition, "metric": metric["name"], "status": FAILED, "reason": str(each["reason"])}


def _where(run: Run, method: str, dataset: str, seed: int, variants: Mapping[str, str | None]) -> dict[str, Fact]:
    facts = {"suite": run.facts["suite"], "method": method, "variant": variants.get(method)}
    return {**facts, "dataset": dataset, "seed": seed}


def _condition(facts: ConditionFacts) -> dict[str, Fact]:
    level = {"level": facts.level, "parameter": facts.parameter, "access": facts.access}
    return {"condition": facts.name, "kind": facts.kind, "group": facts.group, "severity": facts.severity, **level}


def _named(run: Run, dataset: str, name: str | None) -> ConditionFacts:
    found: list[Mapping[str, Any]] = run.facts["conditions"].get(dataset, [])
    return next((ConditionFacts(**each) for each in found if each["name"] == name), ConditionFacts(name or "", "", ""))
