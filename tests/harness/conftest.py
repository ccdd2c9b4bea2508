"""What the engine's tests share: the tests' own plugin, small suites, and a second way to compute a cell."""

from __future__ import annotations

import importlib
import json
import os
import shutil
import subprocess
import sys
import tomllib
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from brownout.results import Run
from brownout_registry import Stored, catalogue

PLUGIN = Path(__file__).parents[1] / "testing_plugin"
Key = tuple[str, int, str]


@pytest.fixture(scope="session")
def testing_site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that holds the tests' plugin as an installer leaves it: package, metadata and entry points."""
    site = tmp_path_factory.mktemp("site")
    project = tomllib.loads((PLUGIN / "pyproject.toml").read_text())["project"]
    shutil.copytree(
        PLUGIN / "brownout_testing", site / "brownout_testing", ignore=shutil.ignore_patterns("__pycache__")
    )
    metadata = site / f"brownout_testing-{project['version']}.dist-info"
    metadata.mkdir()
    requires = "".join(f"Requires-Dist: {each}\n" for each in project["dependencies"])
    (metadata / "METADATA").write_text(
        f"Metadata-Version: 2.1\nName: {project['name']}\nVersion: {project['version']}\n{requires}"
    )
    points = "".join(f"{name} = {value}\n" for name, value in project["entry-points"]["brownout"].items())
    (metadata / "entry_points.txt").write_text(f"[brownout]\n{points}")
    return site


@pytest.fixture(scope="module")
def testing_plugin(testing_site: Path) -> Iterator[Path]:
    """The tests' plugin is installed, here and in processes started from here; torch computes in one thread."""
    import torch

    threads = torch.get_num_threads()
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(testing_site))
        patch.setenv("PYTHONPATH", os.pathsep.join(filter(None, [str(testing_site), os.environ.get("PYTHONPATH")])))
        patch.setenv("OMP_NUM_THREADS", "1")
        _forget()
        torch.set_num_threads(1)
        yield testing_site
        torch.set_num_threads(threads)
    _forget()


def _forget() -> None:
    importlib.invalidate_caches()
    catalogue.cache_clear()


@pytest.fixture
def make_suite() -> Callable[..., dict[str, Any]]:
    """``make_suite(["vector", "image"], methods=..., dataset={...}, protocol=...)``: a suite on synthetic data."""

    def make(modalities: list[str] | None = None, dataset: Mapping[str, Any] | None = None, **keys: Any) -> Any:
        kinds = modalities or ["vector", "image"]
        return deepcopy(
            {
                "suite": "small",
                "dataset": {"use": "synthetic", "modalities": kinds, **(dataset or {})},
                "encoders": {kind: {"use": "probe"} for kind in kinds},
                "methods": [{"name": "mean", "fusion": "mean"}],
                "training": {"epochs": 0},
                **keys,
            }
        )

    return make


@pytest.fixture
def compute(tmp_path: Path, testing_plugin: Path) -> Callable[..., Run]:
    """``compute(content, out="run", cache="cache", **settings)``: run a suite below the test's folder."""
    from brownout.engine.coordinate import Progress, Settings, run_suite
    from brownout.suite import parse_suite

    def run(content: Any, out: str = "run", cache: str = "cache", progress: Progress | None = None, **more: Any) -> Run:
        settings = Settings(tmp_path / out, tmp_path / cache, **{"device": "cpu", **more})
        return run_suite(parse_suite(deepcopy(content)), settings, progress)

    return run


@dataclass
class Watch:
    """Remembers what a run did: how many cells it found, the works it planned, and what it warned of."""

    found: int = -1
    works: tuple[Any, ...] = ()
    outcomes: tuple[Any, ...] = ()
    warnings: tuple[str, ...] = ()

    def begin(self, plan: Any, found: int, works: Any) -> None:
        self.found, self.works = found, tuple(works)

    def advance(self, work: Any, outcome: Any) -> None:
        self.outcomes += (outcome,)

    def warn(self, message: str) -> None:
        self.warnings += (message,)

    @property
    def kinds(self) -> Counter[str]:
        """How many works of each kind were planned."""
        return Counter(type(work).__name__ for work in self.works)


@pytest.fixture
def watch() -> type[Watch]:
    """``watch()``: somebody who watches a run."""
    return Watch


@pytest.fixture(scope="session")
def stored() -> Callable[[Run], dict[Key, Stored]]:
    """``stored(run)``: the predictions of every finished cell, by method, seed and condition."""
    from brownout.engine.folder import RunFolder
    from brownout.engine.predictions import read_predictions

    def read(run: Run) -> dict[Key, Stored]:
        records = RunFolder(run.folder).cells()
        finished = [records[key] for key in run.facts["cells"] if records[key]["status"] == "finished"]
        return {
            (each["method"], each["seed"], each["condition"]): read_predictions(run.folder / each["file"])
            for each in finished
        }

    return read


@pytest.fixture(scope="session")
def outcome() -> Callable[[Run | Path], dict[str, Any]]:
    """``outcome(run)``: all that a run's cells say, prediction digests and scores included, in no order."""
    from brownout.engine.folder import RunFolder
    from brownout.results import load_run

    def read(run: Run | Path) -> dict[str, Any]:
        run = load_run(run) if isinstance(run, Path) else run
        records = RunFolder(run.folder).cells()
        return {key: records.get(key) for key in run.facts["cells"]}

    return read


@dataclass(frozen=True)
class Log:
    """What the encoder ``probe`` saw in evaluation mode."""

    file: Path

    def rows(self) -> list[tuple[str, str]]:
        """(label, hash of the row's content) of every row, in order."""
        if not self.file.is_file():
            return []
        lines = [json.loads(line) for line in self.file.read_text().splitlines()]
        return [(line["label"], row) for line in lines for row in line["rows"]]

    def counts(self) -> Counter[str]:
        """Rows by label."""
        return Counter(label for label, _ in self.rows())

    def clear(self) -> None:
        """Forget everything."""
        self.file.unlink(missing_ok=True)


@pytest.fixture
def seen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Log:
    """The log of the encoder ``probe``."""
    monkeypatch.setenv("BROWNOUT_TESTING_LOG", str(tmp_path / "seen.jsonl"))
    return Log(tmp_path / "seen.jsonl")


@pytest.fixture
def command(tmp_path: Path, testing_plugin: Path) -> Callable[..., subprocess.Popen[str]]:
    """``command("run", "suite.yaml", ...)``: the program, started in the test's folder."""

    def start(*arguments: str | Path) -> subprocess.Popen[str]:
        program = [sys.executable, "-c", "from brownout.cli import main; main()", *map(str, arguments)]
        return subprocess.Popen(program, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    return start
