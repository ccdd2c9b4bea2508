"""``compare`` and its gate, and ``report`` as LaTeX and CSV."""

from __future__ import annotations

import csv
import io
import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from brownout.engine.folder import RunFolder

Brownout = Callable[..., Any]
Write = Callable[..., Path]


@pytest.fixture
def two(here: Path, finished: Path) -> Callable[[float], tuple[Path, Path]]:
    """``two(0.1)``: a finished run, and a copy whose accuracy under gaussian-noise(x) s2 is changed by so much."""

    def make(change: float, method: str = "jacobian") -> tuple[Path, Path]:
        for name in ("before", "after"):
            shutil.copytree(finished, here / name)
        folder = RunFolder(here / "after")
        records = [
            {**each, "scores": {"accuracy": each["scores"]["accuracy"] + change}}
            for each in folder.cells().values()
            if each["method"] == method and each["condition"] == "gaussian-noise(x) s2"
        ]
        assert records
        folder.append(records)
        return Path("before"), Path("after")

    return make


def test_a_run_against_itself_has_no_difference_and_passes(finished: Path, here: Path, brownout: Brownout) -> None:
    said = brownout("compare", finished, finished, "--fail-on", "accuracy:-0.0")
    assert said.code == 0
    assert "0.0 ±0.0" in said.out
    assert "none worse than accuracy:-0.0 allows" in said.out
    assert not re.search(r"[▲▼] *$", said.out.split("after − before")[0], re.MULTILINE)


@pytest.mark.parametrize(
    ("change", "gate", "code"),
    [
        (-0.1, "accuracy:-0.02", 1),
        (-0.1, "accuracy:-0.2", 0),
        (0.1, "accuracy:-0.02", 0),
        (0.1, "accuracy:0", 0),
    ],
)
def test_the_gate(two: Any, brownout: Brownout, change: float, gate: str, code: int) -> None:
    said = brownout("compare", *two(change), "--fail-on", gate)
    assert said.code == code
    lines = [line for line in said.out.splitlines() if line.startswith("! ")]
    assert len(lines) == code
    if code:
        assert lines[0].startswith("! jacobian on two-moons, gaussian-noise(x) s2: accuracy ")
        assert f"1 worse than {gate} allows" in said.out


def test_without_a_gate_nothing_fails(two: Any, brownout: Brownout) -> None:
    said = brownout("compare", *two(-0.5), "--full")
    assert said.code == 0
    assert "worse than" not in said.out
    assert "−50.0" in said.out


def test_two_fits_are_compared_with_intervals(here: Path, brownout: Brownout, write_suite: Write) -> None:
    brownout("run", write_suite(), "--out", "one")
    brownout("run", "suite.yaml", "--out", "other", "--set", "training.epochs=4", "--set", "training.learning_rate=0.1")
    said = brownout("compare", "one", "other")
    assert said.code == 0
    assert re.search(r"±[1-9]\d?\.\d", said.out)
    assert "files · accuracy (%), other − one" in said.out


def test_what_only_one_run_has_is_named(here: Path, brownout: Brownout, write_suite: Write) -> None:
    brownout("run", write_suite(), "--out", "one")
    brownout("run", write_suite(methods=[{"name": "mean", "fusion": "mean"}]), "--out", "other")
    said = brownout("compare", "one", "other", "--fail-on", "accuracy:-0.01")
    assert said.code == 0
    assert "methods only in one: jacobian" in said.out


def test_nothing_in_common_is_exit_code_5(here: Path, brownout: Brownout, write_suite: Write) -> None:
    brownout("run", write_suite(methods=[{"name": "a", "fusion": "mean"}]), "--out", "one")
    brownout("run", write_suite(methods=[{"name": "b", "fusion": "mean"}]), "--out", "other")
    assert brownout("compare", "one", "other").code == 5


def test_another_protocol_version_or_limit_is_refused(here: Path, brownout: Brownout, write_suite: Write) -> None:
    brownout("run", write_suite(), "--out", "one")
    brownout("run", write_suite(), "--out", "few", "--limit", 5)
    shutil.copytree("one", "later")
    facts = json.loads(Path("later/run.json").read_text())
    facts["identity"]["protocol"]["version"] = "2"
    Path("later/run.json").write_text(json.dumps(facts))
    for other, said in (("few", "--limit of data set files"), ("later", "protocol version is '1' there, '2' here")):
        refused = brownout("compare", "one", other)
        assert refused.code == 4
        assert said in refused.err


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["--fail-on", "accuracy"], "expected METRIC:CHANGE"),
        (["--fail-on", "accuracy:much"], "expected METRIC:CHANGE"),
        (["--fail-on", "accuracy:nan"], "expected METRIC:CHANGE"),
        (["--fail-on", "acuracy:-0.1"], "unknown metric 'acuracy'; did you mean 'accuracy'"),
        (["--fail-on", "accuracy:+0.1"], "of accuracy, higher is better, so worse is accuracy:-0.1"),
        (["--metric", "nll"], "unknown metric 'nll'"),
    ],
)
def test_mistakes_of_the_gate_are_told(
    here: Path, finished: Path, brownout: Brownout, arguments: list[str], complaint: str
) -> None:
    said = brownout("compare", finished, finished, *arguments)
    assert said.code == 4
    assert complaint in said.err


def test_a_metric_that_only_one_run_has_can_be_scored(here: Path, finished: Path, brownout: Brownout) -> None:
    for name in ("before", "after"):
        shutil.copytree(finished, here / name)
    brownout("score", "after", "--metric", "nll")
    said = brownout("compare", "before", "after", "--metric", "nll")
    assert said.code == 4
    assert "before has no 'nll'; 'brownout score before --metric" in said.err
    brownout("score", "before", "--metric", "nll")
    assert brownout("compare", "before", "after", "--metric", "nll", "--fail-on", "nll:+0.1").code == 0


def test_report_as_latex_and_csv(finished: Path, here: Path, brownout: Brownout) -> None:
    latex, table = brownout("report", finished, "--latex"), brownout("report", finished, "--csv")
    assert latex.code == table.code == 0
    assert latex.out.count(r"\begin{table*}") == 1
    found = list(csv.DictReader(io.StringIO(table.out)))
    finished_cells = [each for each in RunFolder(finished).cells().values() if each["status"] == "finished"]
    assert len(found) == len(finished_cells)
