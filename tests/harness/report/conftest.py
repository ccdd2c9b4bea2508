"""Small runs for the report's tests, built by hand."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest

from brownout.results import Run
from brownout_registry import Catalogue, ConditionFacts, Plugin, Score, SummaryCard

CONDITIONS = (
    ConditionFacts("clean", "clean", "clean"),
    ConditionFacts("only image", "only image", "missing"),
    ConditionFacts("missing 0.3", "missing", "missing", 1, 0.3, "share of samples"),
    ConditionFacts("missing 0.5", "missing", "missing", 2, 0.5, "share of samples"),
    ConditionFacts("blur(image) s1", "blur(image)", "corruption", 1, 2.0, "sigma, pixels"),
    ConditionFacts("blur(image) s2", "blur(image)", "corruption", 2, 4.0, "sigma, pixels"),
)
Cells = Mapping[str, Sequence[Sequence[float | None]]]


@pytest.fixture
def make_run(tmp_path: Path) -> Callable[..., Run]:
    """``make_run({method: rows}, **facts)``: a row for each condition, a number for each seed, None where it failed."""

    def make(
        cells: Cells,
        conditions: Sequence[ConditionFacts] = CONDITIONS,
        metric: str = "accuracy",
        higher_is_better: bool = True,
        oracle: str = "",
        reason: str = "RuntimeError: boom",
        dataset: str = "pairs",
        **facts: Any,
    ) -> Run:
        each = [
            (method, condition, seed, value)
            for method, rows in cells.items()
            for condition, row in zip(conditions, rows, strict=True)
            for seed, value in enumerate(row)
        ]
        scores = tuple(Score(m, dataset, s, c, metric, v) for m, c, s, v in each if v is not None)
        failures = tuple(
            {"method": m, "dataset": dataset, "seed": s, "condition": c.name, "reason": reason}
            for m, c, s, v in each
            if v is None
        )
        metrics = [{"name": metric, "higher_is_better": higher_is_better, "percent": higher_is_better, "summary": "."}]
        known = {
            **_facts([_method(name, oracle) for name in cells], dataset),
            "metrics": metrics,
            "conditions": {dataset: [asdict(condition) for condition in conditions]},
            "seeds": sorted({s for _, _, s, _ in each}),
            "cells": [str(place) for place in range(len(each))],
        }
        return Run(tmp_path, {**known, **facts}, scores, failures)

    return make


@pytest.fixture
def summary(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], dict[str, Any]]:
    """``summary("module:attribute")`` installs it as the summary ``each`` and gives its line of run.json."""

    def install(target: str, unit: str = "metric") -> dict[str, Any]:
        card = SummaryCard(name="each", target=target, summary="one")
        found = Catalogue.of([Plugin("p", "brownout-p", "1", "p", cards=(card,))])
        monkeypatch.setattr("brownout.report.summaries.catalogue", lambda: found)
        return {"name": "the worst", "use": "brownout-p/each", "unit": unit, "options": {}, "summary": "one"}

    return install


def _method(name: str, oracle: str) -> dict[str, Any]:
    return {
        "name": name,
        "fusion": "mean",
        "variant": None,
        "options": {},
        "level": "decision",
        "missing": "skip",
        "oracle": "which modality is perturbed" if name == oracle else "",
        "trained": False,
        "summary": "one line",
        "paper_title": None,
    }


def _facts(methods: list[dict[str, Any]], dataset: str) -> dict[str, Any]:
    data = {
        "name": dataset,
        "use": dataset,
        "fingerprint": "ab12",
        "licence": "CC0",
        "citation": "",
        "classes": ["a", "b"],
        "samples": {"train": 10, "validation": 5, "test": 5},
        "modalities": ["image", "text"],
    }
    return {
        "suite": "small",
        "description": "",
        "protocol": {"name": "own", "version": "1", "seed": 0, "means": "absent"},
        "methods": methods,
        "datasets": [data],
        "summaries": [],
        "baseline": None,
        "versions": {"brownout": "0.1.0"},
        "device": "cpu",
        "platform": "Linux",
        "encoder_rows": {"computed": 60, "minimal": 60},
        "left_out": {},
        "suite_content": {"suite": "small"},
        "figures": [],
        "not_comparable": None,
    }
