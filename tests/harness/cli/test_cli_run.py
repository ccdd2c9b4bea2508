"""``run`` and ``report``: exit codes, options, overrides, environment variables."""

from __future__ import annotations

import json
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
import typer

from brownout.cli.main import _run, app
from brownout.engine import coordinate, rehearsal

Brownout = Callable[..., Any]
Write = Callable[..., Path]
Contents = Callable[[Path], dict[str, bytes]]


def facts(run: Path) -> dict[str, Any]:
    content: dict[str, Any] = json.loads((run / "run.json").read_text())
    return content


def test_a_run_prints_its_table_and_keeps_everything(here: Path, brownout: Brownout, write_suite: Write) -> None:
    said = brownout("run", write_suite())
    assert said.code == 0
    assert "6 of 6 cells to compute" in said.err
    assert "accuracy" in said.out
    run = here / "runs" / "small"
    assert facts(run)["counts"] == {"cells": 6, "finished": 6, "failed": 0}
    assert len((run / "cells.jsonl").read_text().splitlines()) == len(list((run / "predictions").iterdir())) == 6
    assert (run / "report.html").is_file()
    assert (here / "runs" / ".cache").is_dir()


def test_again_recomputes_nothing(brownout: Brownout, write_suite: Write) -> None:
    first, again = brownout("run", write_suite()), brownout("run", write_suite())
    assert "all 6 cells were computed before" in again.err
    assert again.out == first.out


def test_dry_run_prints_the_plan_and_writes_nothing(
    here: Path, brownout: Brownout, write_suite: Write, contents: Contents
) -> None:
    write_suite()
    before = contents(here)
    said = brownout("run", "suite.yaml", "--dry-run")
    assert said.code == 0
    for part in ("files: 3 conditions", "  missing audio", "6 cells, 6 missing", "2 fits", "24 encoder rows"):
        assert part in said.out
    assert contents(here) == before


def test_dry_run_after_a_run_finds_nothing_to_do(
    here: Path, brownout: Brownout, write_suite: Write, contents: Contents
) -> None:
    brownout("run", write_suite())
    before = contents(here)
    assert (
        "6 cells, 0 missing; to do: 0 fits, 0 view groups, 0 encoder rows"
        in brownout("run", "suite.yaml", "--dry-run").out
    )
    assert contents(here) == before


def test_what_is_built_to_be_checked_is_built_once(
    brownout: Brownout, write_suite: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    build, built = rehearsal.build_fit, []

    def counted(fit: Any, *arguments: Any) -> Any:
        built.append([each.modality for each in fit.encoders])
        return build(fit, *arguments)

    monkeypatch.setattr(rehearsal, "build_fit", counted)
    assert brownout("run", write_suite(), "--dry-run", "--set", "training.seeds=[0, 1, 2]").code == 0
    assert built == [["audio"], ["motion"]]
    brownout("run", "suite.yaml")
    built.clear()
    assert brownout("run", "suite.yaml").code == 0
    assert built == []


def test_a_fault_of_ours_shows_its_traceback_and_is_exit_code_3(
    write_suite: Write, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(coordinate, "prepare", lambda *_, **__: 1 / 0)
    assert _run(["run", str(write_suite())]) == 3
    err = capsys.readouterr().err
    assert "Traceback" in err
    assert "ZeroDivisionError" in err


@pytest.mark.parametrize(
    ("override", "expected"),
    [
        ("training.seeds=[0, 1]", "12 cells"),
        ("protocol.missing.patterns=[]", "2 cells"),
        ("methods.1.options={gamma: 0.5}", "6 cells"),
        ("protocol.clean=false", "4 cells"),
    ],
)
def test_set_overrides_a_key(brownout: Brownout, write_suite: Write, override: str, expected: str) -> None:
    said = brownout("run", write_suite(), "--dry-run", "--set", override)
    assert said.code == 0, said.err
    assert expected in said.out


def test_several_set(brownout: Brownout, write_suite: Write) -> None:
    both = ["--set", "training.seeds=[0, 1, 2]", "--set", "protocol.missing.patterns=[]"]
    assert "6 cells" in brownout("run", write_suite(), "--dry-run", *both).out


@pytest.mark.parametrize(
    ("override", "complaint"),
    [
        ("training.epochs", "expected key.path=value"),
        ("=3", "expected key.path=value"),
        ("training.epoch=3", "training.epoch: unknown key 'epoch'; did you mean 'epochs'"),
        ("training.epochs=many", "training.epochs: "),
        ("training.epochs=[1", "not valid YAML"),
        ("methods.7.fusion=mean", "there is no key 'methods.7.fusion'"),
        ("suite.name.deep=x", "there is no key 'suite.name.deep'"),
        ("methods.0.fusion=maen", "unknown fusion 'maen'; did you mean 'mean'"),
    ],
)
def test_set_that_does_not_fit(
    here: Path, brownout: Brownout, write_suite: Write, override: str, complaint: str
) -> None:
    said = brownout("run", write_suite(), "--set", override)
    assert said.code == 4
    assert complaint in said.err
    assert not (here / "runs").exists()


def test_nothing_selected_is_exit_code_5(here: Path, brownout: Brownout, write_suite: Write) -> None:
    methods = [{"name": "mean", "fusion": "mean", "needs": ["weights-that-nobody-has.pth"]}]
    said = brownout("run", write_suite(methods=methods))
    assert said.code == 5
    assert "method mean is left out: needs weights-that-nobody-has.pth, which is not here" in said.err


def test_limit_is_noted(here: Path, brownout: Brownout, write_suite: Write) -> None:
    assert brownout("run", write_suite(), "--limit", 5, "--out", "few").code == 0
    assert "--limit" in facts(here / "few")["not_comparable"]
    line = json.loads((here / "few" / "cells.jsonl").read_text().splitlines()[0])
    assert line["samples"] == 5


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["--executor", "seril"], "--executor: unknown executor 'seril'; did you mean 'serial'"),
        (["--device", "quantum"], "--device: unknown device 'quantum': auto, cpu, cuda, cuda:0, mps are right"),
    ],
)
def test_settings_that_do_not_exist(
    here: Path, brownout: Brownout, write_suite: Write, arguments: list[str], complaint: str
) -> None:
    said = brownout("run", write_suite(), *arguments)
    assert said.code == 4
    assert complaint in said.err
    assert not (here / "runs").exists()


@pytest.mark.parametrize("arguments", [["--out", "taken"], ["--out", "taken/run"], ["--cache", "taken"]])
def test_a_file_in_the_way_of_a_folder(
    here: Path, brownout: Brownout, write_suite: Write, arguments: list[str]
) -> None:
    (here / "taken").write_text("mine")
    said = brownout("run", write_suite(), *arguments)
    assert said.code == 4
    complaint = f"{' '.join(arguments)}: taken is a file; give a folder, or a name that is not taken"
    assert said.err == f"brownout: {complaint}\n"
    assert (here / "taken").read_text() == "mine"


def test_metrics_that_were_added_later_stay(here: Path, brownout: Brownout, write_suite: Write) -> None:
    assert brownout("run", write_suite(), "--out", "run").code == 0
    assert brownout("score", "run", "--metric", "nll").code == 0
    assert brownout("run", "suite.yaml", "--out", "run", "--set", "metrics=[ece, accuracy]").code == 0
    assert [each["name"] for each in facts(here / "run")["metrics"]] == ["ece", "accuracy", "nll"]
    assert "nll" in brownout("report", "run", "--csv").out
    assert brownout("run", "suite.yaml", "--out", "run").code == 0
    assert [each["name"] for each in facts(here / "run")["metrics"]] == ["accuracy", "nll"]


def test_environment_variables_speak_and_options_win(
    here: Path, brownout: Brownout, write_suite: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BROWNOUT_OUT", "elsewhere")
    monkeypatch.setenv("BROWNOUT_CACHE", "kept")
    monkeypatch.setenv("BROWNOUT_LIMIT", "5")
    monkeypatch.setenv("BROWNOUT_DEVICE", "cpu")
    assert brownout("run", write_suite(), "--limit", 6).code == 0
    assert facts(here / "elsewhere")["identity"]["limit"] == {"files": 6}
    assert list((here / "kept").glob("*.safetensors"))
    assert not (here / "runs").exists()
    monkeypatch.setenv("BROWNOUT_EXECUTOR", "nobody")
    assert "unknown executor 'nobody'" in brownout("run", "suite.yaml").err


def test_every_option_has_an_environment_variable() -> None:
    commands = typer.main.get_command(app).commands  # type: ignore[attr-defined]
    options = [each for command in commands.values() for each in command.params if each.param_type_name == "option"]
    without = [each.name for each in options if not str(each.envvar or "").startswith("BROWNOUT_")]
    assert set(without) <= {"help"}
    assert len(options) > 10


def test_report_prints_the_same_table(here: Path, brownout: Brownout, write_suite: Write) -> None:
    ran = brownout("run", write_suite())
    said = brownout("report", Path("runs/small"))
    assert said.code == 0
    assert said.out.splitlines()[0] == "small"
    assert set(said.out.splitlines()) <= set(ran.out.splitlines())


def test_report_as_markdown(finished: Path, brownout: Brownout) -> None:
    said = brownout("report", finished, "--markdown")
    assert said.code == 0
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in said.out.splitlines() if line[:1] == "|"]
    assert {"mean", "jacobian"} <= {row[0] for row in rows}
    assert ["method", "clean", "missing y", "missing x", "gaussian-noise(x)", "gaussian-noise(y)"] in rows


def test_report_as_html(here: Path, brownout: Brownout, write_suite: Write) -> None:
    run = here / "runs" / "small"
    brownout("run", write_suite(description="<script>alert(1)</script>"))
    (run / "report.html").unlink()
    said = brownout("report", run, "--html")
    assert said.code == 0
    assert said.out.strip() == str(run / "report.html")
    text = (run / "report.html").read_text()
    HTMLParser().feed(text)
    assert "<script>alert" not in text
    assert "jacobian" in text


def test_a_report_of_a_run_without_scores_is_exit_code_5(brownout: Brownout, write_suite: Write) -> None:
    brownout("run", write_suite(methods=[{"name": "mean", "fusion": "mean", "needs": ["nothing.pth"]}]))
    assert brownout("report", "runs/small").code == 5


def test_a_run_folder_that_cannot_be_read_is_named(here: Path, brownout: Brownout, write_suite: Write) -> None:
    brownout("run", write_suite())
    (here / "runs" / "small" / "run.json").write_text("{half")
    for command in ("report", "cite"):
        said = brownout(command, "runs/small")
        assert said.code == 4
        assert "runs/small/run.json: cannot be read" in said.err
