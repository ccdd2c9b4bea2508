"""Small projects that pytest runs in a folder of their own."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable, Mapping
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass, field
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
import yaml

PROJECT = Path(__file__).parent / "project"


@dataclass(eq=False)
class Session:
    """What one pytest session said; it is its own plugin.

    pytest's own ``pytester`` forgets the modules that a session imported, and torch's cannot be imported twice.
    """

    code: int = -1
    text: str = ""
    reports: dict[str, Any] = field(default_factory=dict)

    def pytest_runtest_logreport(self, report: Any) -> None:
        """The last report of each item that is not just a passed set-up, by node id."""
        if report.when == "call" or report.outcome != "passed":
            self.reports[report.nodeid] = report

    @property
    def failed(self) -> list[str]:
        """Node ids, without the file, of what failed."""
        return [node.partition("::")[2] for node, each in self.reports.items() if each.failed]


@pytest.fixture(scope="session")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Fits and encodings that tests have in common."""
    return tmp_path_factory.mktemp("cache")


@pytest.fixture
def place(tmp_path: Path, cache: Path, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The test's folder, where pytest is started; whoever looks at what encoders see has a cache of its own."""
    if "seen" not in request.fixturenames:
        monkeypatch.setenv("BROWNOUT_CACHE", str(cache))
    monkeypatch.chdir(tmp_path)
    (tmp_path / "pytest.ini").write_text("[pytest]\n")
    return tmp_path


@pytest.fixture
def session(place: Path, testing_plugin: Path) -> Callable[..., Session]:
    """``session("suite.yaml", "-k", "mean")``: pytest in this process, in the test's folder."""

    def run(*arguments: str) -> Session:
        found, stream = Session(), StringIO()
        fixed = ["--import-mode=importlib", "--capture=sys", "-p", "no:cacheprovider", "--rootdir", str(place)]
        with redirect_stdout(stream), redirect_stderr(stream):
            found.code = int(pytest.main([*fixed, *arguments], plugins=[found]))
        sys.modules.pop("test_mine", None)
        found.text = stream.getvalue()
        return found

    return run


@pytest.fixture
def suite(place: Path, make_suite: Callable[..., dict[str, Any]]) -> Callable[..., dict[str, Any]]:
    """``suite(methods=..., file="suite.yaml")``: write a suite on synthetic data."""

    def write(file: str = "suite.yaml", **keys: Any) -> dict[str, Any]:
        content = make_suite(**{"protocol": {"missing": {"patterns": "all"}}, **keys})
        (place / file).write_text(yaml.safe_dump(content, sort_keys=False))
        return content

    return write


@pytest.fixture
def project(place: Path) -> Path:
    """The project with a baseline and a method that was made worse since."""
    for name in ("suite.yaml", "baseline.json"):
        shutil.copy(PROJECT / name, place / name)
    return place


@pytest.fixture
def edit(place: Path) -> Callable[..., None]:
    """``edit("suite.yaml", training={"epochs": 1})``: replace keys of a suite."""

    def change(file: str, **keys: Mapping[str, Any]) -> None:
        path = place / file
        path.write_text(yaml.safe_dump({**yaml.safe_load(path.read_text()), **keys}, sort_keys=False))

    return change
