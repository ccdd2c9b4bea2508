"""Named protocols from a suite's one word to the report."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import brownout
from brownout.engine.settings import Settings
from brownout.report.words import facts_lines
from brownout.results import Run

SAMPLES = 60


def run(protocol: Any, folder: Path) -> Run:
    suite = {
        "suite": "named",
        "dataset": {"use": "digits-views", "views": ["picture", "frequency"]},
        "encoders": {"picture": {"use": "mlp", "hidden": [16]}, "frequency": {"use": "mlp", "hidden": [8]}},
        "methods": [{"name": "mean", "fusion": "mean"}, {"name": "statistical", "fusion": "statistical"}],
        "training": {"epochs": 2},
        "protocol": protocol,
        "metrics": ["accuracy"],
    }
    return brownout.run(suite, Settings(folder / "out", folder / "cache", device="cpu", limit=SAMPLES))


@pytest.mark.parametrize(
    ("name", "conditions", "views"),
    [("missing-and-corruption", 1 + 2 + 3 + 2 * 3 * 2, 2 + 2 * 3), ("qmf-2023", 1 + 2, 2 + 2 * 2)],
)
def test_a_named_protocol_end_to_end(name: str, conditions: int, views: int, tmp_path: Path) -> None:
    done = run(name, tmp_path)
    assert done.failures == ()
    assert done.facts["counts"]["finished"] == 2 * conditions
    rows = done.facts["encoder_rows"]
    assert rows["computed"] == rows["minimal"] == views * SAMPLES
    assert dict(facts_lines(done))["protocol"] == f"{name}, version 1, seed 0"
    assert done.facts["suite_content"]["protocol"]["use"] == name


def test_keys_beside_use_are_told_in_the_report(tmp_path: Path) -> None:
    done = run({"use": "missing-all", "seed": 2, "mispaired": {"shares": [0.5]}}, tmp_path)
    assert done.facts["counts"]["finished"] == 2 * (1 + 2 + 2)
    assert dict(facts_lines(done))["protocol"] == "missing-all with its own mispaired, version 1, seed 2"
