"""What the tests of the command line share: the program, and a suite that runs in a blink."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import yaml

from brownout.cli.main import _run

SUITE: Mapping[str, Any] = {
    "suite": "small",
    "dataset": {
        "use": "files",
        "path": "data.npz",
        "modalities": {"audio": {"column": "a", "kind": "vector"}, "motion": {"column": "b", "kind": "vector"}},
    },
    "encoders": {"vector": {"use": "mlp", "hidden": [4]}},
    "methods": [{"name": "mean", "fusion": "mean"}, {"name": "jacobian", "fusion": "jacobian"}],
    "training": {"epochs": 1},
    "protocol": {"missing": {"patterns": "all"}},
}


@dataclass(frozen=True)
class Said:
    """What a command printed, and its exit code."""

    code: int
    out: str
    err: str


@pytest.fixture(scope="session", autouse=True)
def _one_thread() -> Iterator[None]:
    """What is computed here is too small to be shared among threads."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.fixture
def brownout(capsys: pytest.CaptureFixture[str]) -> Callable[..., Said]:
    """``brownout("run", path)``: a command, within this process."""

    def run(*arguments: object) -> Said:
        capsys.readouterr()
        code = _run([str(each) for each in arguments])
        said = Said(code, *capsys.readouterr())
        assert "Traceback" not in said.out + said.err
        return said

    return run


@pytest.fixture
def program() -> Callable[..., subprocess.Popen[str]]:
    """``program("run", path)``: a command in a process of its own, which hears Ctrl-C even in the background."""

    def start(*arguments: object, code: str = "main()", **variables: str) -> subprocess.Popen[str]:
        source = f"import signal; signal.signal(signal.SIGINT, signal.default_int_handler)\n{IMPORT}\n{code}"
        environment = {**os.environ, "OMP_NUM_THREADS": "1", **variables}
        command = [sys.executable, "-c", source, *map(str, arguments)]
        return subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    return start


IMPORT = "from brownout.cli import main"


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The test's folder is the working directory, and no variable speaks for the person who runs the tests."""
    for name in [name for name in os.environ if name.startswith("BROWNOUT_")]:
        monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "200")
    return tmp_path


@pytest.fixture
def write_data(here: Path) -> Callable[..., Path]:
    """``write_data(a=..., label=...)``: data.npz of 60 samples, two vectors and three classes, with changes."""

    def write(**changes: Any) -> Path:
        rng = np.random.default_rng(0)
        arrays = {
            "a": rng.random((60, 3), np.float32),
            "b": rng.random((60, 2), np.float32),
            "label": np.arange(60) % 3,
        }
        np.savez(here / "data.npz", **{**arrays, **changes})
        return here / "data.npz"

    return write


@pytest.fixture
def write_suite(here: Path, write_data: Callable[..., Path]) -> Callable[..., Path]:
    """``write_suite(metrics=[...], ...)``: suite.yaml with these keys instead of its own, and data beside it."""

    def write(**keys: Any) -> Path:
        if not (here / "data.npz").exists():
            write_data()
        (here / "suite.yaml").write_text(yaml.safe_dump({**deepcopy(dict(SUITE)), **keys}, sort_keys=False))
        return here / "suite.yaml"

    return write


@pytest.fixture(scope="session")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a small finished run; not to be changed."""
    folder = tmp_path_factory.mktemp("finished")
    suite = {**deepcopy(dict(SUITE)), "dataset": {"use": "two-moons", "samples": 60}, "baseline": "mean"}
    corruptions = {"each": [{"use": "gaussian-noise"}], "severities": [1, 2]}
    suite["protocol"] = {"missing": {"patterns": "all"}, "corruptions": corruptions}
    (folder / "suite.yaml").write_text(yaml.safe_dump(suite))
    assert _run(["run", str(folder / "suite.yaml"), "--out", str(folder / "run")]) == 0
    return folder / "run"


@pytest.fixture(scope="session")
def contents() -> Callable[[Path], dict[str, bytes]]:
    """``contents(folder)``: every file below a folder; nothing if there is no folder."""

    def read(folder: Path) -> dict[str, bytes]:
        return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}

    return read
