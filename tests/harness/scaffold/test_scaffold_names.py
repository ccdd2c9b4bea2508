"""``brownout new-plugin`` refuses what would not work, and leaves whole distributions or nothing."""

from __future__ import annotations

import ast
import configparser
import os
import subprocess
import sys
import tomllib
from collections.abc import Callable
from pathlib import Path

import pytest

from brownout.cli import new_plugin
from brownout.cli.main import _run

KINDS = ("fusion", "encoder", "perturbation", "metric", "dataset")
Say = Callable[..., tuple[int, str]]


@pytest.fixture
def say(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Say:
    """``say("new-plugin", ...)`` in an empty folder: exit code and all that was printed."""
    for name in [name for name in os.environ if name.startswith("BROWNOUT_")]:
        monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)

    def run(*arguments: str) -> tuple[int, str]:
        code = _run(list(arguments))
        said = capsys.readouterr()
        return code, said.out + said.err

    return run


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("MyFusion", "'my-fusion' would be right"),
        ("my_fusion", "'my-fusion' would be right"),
        ("my fusion", "'my-fusion' would be right"),
        ("brownout-mine", "'mine' would be right"),
        ("-x-", "'x' would be right"),
        ("../mine", "'mine' would be right"),
        ("3", "a letter first"),
        ("", "a letter first"),
        ("mean", "taken by brownout-baselines"),
        ("qmf", "taken by brownout-qmf"),
        ("registry", "taken by brownout-registry"),
        ("blocks", "taken by brownout-blocks"),
    ],
)
def test_a_name_that_will_not_do(say: Say, tmp_path: Path, name: str, told: str) -> None:
    code, said = say("new-plugin", "--kind", "fusion", "--", name)
    assert code == 4
    assert told in said
    assert list(tmp_path.iterdir()) == []


def test_a_kind_that_there_is_not(say: Say, tmp_path: Path) -> None:
    code, said = say("new-plugin", "mine", "--kind", "fusoin")
    assert code == 4
    assert all(kind in said for kind in KINDS)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("kind", ["file", "folder"])
def test_what_is_there_is_left_alone(say: Say, tmp_path: Path, kind: str) -> None:
    there = tmp_path / "mine"
    there.write_text("precious") if kind == "file" else there.mkdir()
    code, said = say("new-plugin", "mine", "--kind", "fusion")
    assert code == 4
    assert "mine exists" in said
    assert there.read_text() == "precious" if kind == "file" else list(there.iterdir()) == []


def test_nothing_half_written_stays(say: Say, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(self: Path, text: str, **more: object) -> int:
        if self.name == "tox.ini":
            raise OSError(28, "No space left on device")
        return len(text)

    monkeypatch.setattr(new_plugin.Path, "write_text", full)
    code, said = say("new-plugin", "mine", "--kind", "fusion")
    assert code == 4
    assert "No space left" in said
    assert list(tmp_path.iterdir()) == []


def test_another_folder_is_made_where_it_is_asked_for(say: Say, tmp_path: Path) -> None:
    code, said = say("new-plugin", "mine", "--kind", "metric", "--out", "plugins/of/mine")
    assert code == 0, said
    assert (tmp_path / "plugins/of/mine/mine/brownout_mine/metric.py").is_file()
    assert "cd plugins/of/mine/mine" in said


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", ["none", "tensor", "if", "KIND", "of-somebody-who-likes-long-names-very-much"])
def test_whatever_the_name_the_files_are_in_order(say: Say, tmp_path: Path, kind: str, name: str) -> None:
    name = kind if name == "KIND" else name
    code, said = say("new-plugin", name, "--kind", kind)
    assert code == 0, said
    files = [path for path in (tmp_path / name).rglob("*") if path.is_file()]
    assert not [path for path in files if "$" in path.read_text()]
    for path in files:
        if path.suffix == ".py":
            ast.parse(path.read_text())
    project = tomllib.loads((tmp_path / name / "pyproject.toml").read_text())
    package = f"brownout_{name.replace('-', '_')}"
    assert project["project"]["entry-points"]["brownout"] == {name: f"{package}.plugin"}
    assert (tmp_path / name / package / "py.typed").is_file()
    tox = configparser.ConfigParser()
    tox.read(tmp_path / name / "tox.ini")
    assert {"tox", "testenv"} <= set(tox.sections())


@pytest.mark.parametrize("kind", KINDS)
def test_it_is_clean_typed_and_documented(say: Say, tmp_path: Path, kind: str) -> None:
    say("new-plugin", f"my-{kind}", "--kind", kind)
    every = ["ruff", "check", "--select=ANN,D1,D417", "--ignore=D105,D107", f"brownout_my_{kind}"]
    for command in (["ruff", "check", "."], every):
        called = [sys.executable, "-m", *command]
        done = subprocess.run(called, check=False, cwd=tmp_path / f"my-{kind}", capture_output=True, text=True)
        assert done.returncode == 0, done.stdout + done.stderr
