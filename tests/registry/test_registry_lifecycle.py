"""Lifecycle hooks that raise are reported and cost no result; a component that breaks costs its own cells only."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

Program = Callable[..., "subprocess.CompletedProcess[str]"]
SUITE = """
suite: small
dataset: {use: two-moons, samples: 60}
encoders: {vector: {use: mlp, hidden: [4]}}
methods:
  - {name: fine, fusion: brownout-faulty/fine}
  - {name: explosive, fusion: explosive}
training: {epochs: 1}
"""


@dataclass(frozen=True)
class Ran:
    """A finished command and the cells it left."""

    done: subprocess.CompletedProcess[str]
    cells: dict[str, dict[str, Any]]


@pytest.fixture(scope="module")
def ran(program: Program, faulty: Path, tmp_path_factory: pytest.TempPathFactory) -> Ran:
    folder = tmp_path_factory.mktemp("lifecycle")
    (folder / "suite.yaml").write_text(SUITE)
    done = program(faulty, "run", folder / "suite.yaml", "--out", folder / "run")
    lines = (folder / "run" / "cells.jsonl").read_text().splitlines()
    return Ran(done, {cell["method"]: cell for cell in map(json.loads, lines)})


@pytest.mark.parametrize(
    "complaint",
    [
        "brownout_run_started raised ValueError: the logger is down",
        "brownout_cell_finished raised KeyError: 'fine'",
        "brownout_run_finished raised OSError: no network",
    ],
)
def test_a_lifecycle_hook_that_raises_is_reported(ran: Ran, complaint: str) -> None:
    assert f"plugin 'healthy': {complaint}" in ran.done.stderr


def test_it_costs_no_result(ran: Ran) -> None:
    assert ran.cells["fine"]["status"] == "finished"
    assert 0 <= ran.cells["fine"]["scores"]["accuracy"] <= 1


def test_a_component_that_breaks_when_built_costs_its_own_cells(ran: Ran) -> None:
    assert ran.done.returncode == 1
    assert ran.cells["explosive"]["status"] == "failed"
    assert ran.cells["explosive"]["reason"] == "RuntimeError: boom"
