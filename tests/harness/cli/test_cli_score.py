"""``score``: metrics from stored predictions alone."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import brownout as library
from brownout.engine.folder import RunFolder

Brownout = Callable[..., Any]


@pytest.fixture
def run(here: Path, finished: Path) -> Path:
    """A copy of the finished run, with nothing beside it that could compute."""
    shutil.copytree(finished, here / "run")
    return here / "run"


def test_another_metric_is_added_to_cells_and_facts(run: Path, brownout: Brownout) -> None:
    before = library.load_run(run)
    said = brownout("score", run, "--metric", "nll", "--metric", "{use: ece, bins: 5}")
    assert said.code == 0
    assert "two-moons · nll" in said.out
    assert "two-moons · ece bins=5" in said.out
    assert "two-moons · accuracy" not in said.out
    after = library.load_run(run)
    assert [each["name"] for each in after.facts["metrics"]] == ["accuracy", "nll", "ece bins=5"]
    assert len(after.scores) == 3 * len(before.scores)
    kept = [each for each in after.scores if each.metric == "accuracy"]
    assert kept == list(before.scores)
    assert "nll" in brownout("report", run, "--csv").out


def test_the_new_scores_are_those_a_run_would_have(
    here: Path, run: Path, brownout: Brownout, write_suite: Callable[..., Path]
) -> None:
    brownout("run", write_suite(metrics=["accuracy", "nll"]), "--out", "both")
    brownout("run", write_suite(metrics=["accuracy"]), "--out", "one")
    brownout("score", "one", "--metric", "nll")
    assert library.load_run("one").scores == library.load_run("both").scores


def test_without_a_metric_the_suites_are_computed_again(run: Path, brownout: Brownout) -> None:
    folder, before = RunFolder(run), library.load_run(run)
    folder.append([{**each, "scores": {"accuracy": -1.0}} for each in folder.cells().values()])
    assert {each.value for each in library.load_run(run).scores} == {-1.0}
    assert brownout("score", run).code == 0
    assert library.load_run(run).scores == before.scores


def test_scoring_twice_changes_nothing(run: Path, brownout: Brownout) -> None:
    brownout("score", run, "--metric", "nll")
    before = library.load_run(run)
    brownout("score", run, "--metric", "nll")
    after = library.load_run(run)
    assert (after.scores, after.facts) == (before.scores, before.facts)


def test_a_run_goes_on_after_scoring_and_recomputes_nothing(brownout: Brownout, write_suite: Any) -> None:
    brownout("run", write_suite(), "--out", "run")
    brownout("score", "run", "--metric", "nll")
    assert "all 6 cells were computed before" in brownout("run", "suite.yaml", "--out", "run").err


def test_a_metric_that_failed_before_is_no_fault_of_another(run: Path, brownout: Brownout) -> None:
    folder = RunFolder(run)
    folder.append([{**each, "unscored": {"nll": "ValueError: no"}} for each in folder.cells().values()])
    said = brownout("score", run, "--metric", "ece")
    assert (said.code, said.err) == (0, "")
    assert brownout("score", run, "--metric", "nll").code == 0
    assert {str(each["unscored"]) for each in folder.cells().values()} == {"{}"}


def test_harmed_predictions_keep_their_scores_and_are_told(run: Path, brownout: Brownout) -> None:
    record = next(iter(RunFolder(run).cells().values()))
    (run / record["file"]).write_bytes(b"harmed")
    said = brownout("score", run, "--metric", "nll")
    assert said.code == 1
    assert "gone or harmed" in said.err
    assert "accuracy" in RunFolder(run).cells()[record["cell"]]["scores"]


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["run", "--metric", "acuracy"], "unknown metric 'acuracy'; did you mean 'accuracy'"),
        (["run", "--metric", "{use: ece, bin: 5}"], "bins"),
        (["run", "--metric", "{use: [ece"], "--metric '{use: [ece': expected a metric's name"),
        (["run", "--metric", "[1, 2]"], "expected a metric's name"),
        (["run", "--metric", "{use: ece, bins: x}"], "metric ece bins=x: metric 'ece': option 'bins' is 'x': "),
        (["run", "--metric", "nll", "--metric", "{use: ece, bins: -3}"], "metric ece bins=-3: bins is -3, expected 1"),
        (["nowhere"], "nowhere: no run here"),
    ],
)
def test_mistakes_are_told_and_change_nothing(
    run: Path, brownout: Brownout, arguments: list[str], complaint: str
) -> None:
    before = (run / "cells.jsonl").read_bytes(), json.loads((run / "run.json").read_text())
    said = brownout("score", *arguments)
    assert said.code == 4
    assert complaint in said.err
    assert ((run / "cells.jsonl").read_bytes(), json.loads((run / "run.json").read_text())) == before
