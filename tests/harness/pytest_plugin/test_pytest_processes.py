"""What only separate processes show: xdist's workers, and what is imported when."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

TOLD = """
import sys

def pytest_collection_finish(session):
    names = {"torch", "scipy.stats", "sklearn", "pandas"} & sys.modules.keys()
    brownout = sorted(name for name in sys.modules if name.partition(".")[0].startswith("brownout"))
    print("ITEMS", len(session.items), "HEAVY", sorted(names), "BROWNOUT", brownout)
"""


def run(*arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", *arguments]
    return subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False, timeout=120)


def test_workers_share_one_computation_and_give_the_same_bytes(
    session: Callable[..., Any], project: Path, edit: Callable[..., None], seen: Any
) -> None:
    broken = {"name": "broken", "fusion": "faulty", "options": {"fault": "raises"}}
    methods = [{"name": "worn", "fusion": "faulty", "options": {"fault": "flips", "only": "vector"}}, broken]
    edit("suite.yaml", methods=methods)
    common = ("suite.yaml", "--brownout-baseline", "baseline.json")
    serial = session(*common, "--brownout-json", "serial.json", "--brownout-runs", "serial")
    rows = sorted(seen.rows())
    seen.clear()
    parallel = run(*common, "-n2", "--brownout-json", "parallel.json", "--brownout-runs", "parallel", cwd=project)
    assert serial.code == parallel.returncode == 1
    assert (project / "serial.json").read_bytes() == (project / "parallel.json").read_bytes()
    assert sorted(seen.rows()) == rows
    facts = json.loads((project / "parallel" / "guarded" / "run.json").read_text())
    assert len(facts["sessions"]) == 1
    assert "12 failed, 8 passed" in parallel.stdout
    assert "brownout: guarded" in parallel.stdout


def test_a_thousand_cells_are_collected_without_torch(
    suite: Callable[..., Any], place: Path, testing_plugin: Path
) -> None:
    suite(
        methods=[{"name": f"mean-{i}", "fusion": "mean"} for i in range(34)],
        training={"epochs": 0, "seeds": list(range(10))},
    )
    (place / "conftest.py").write_text(TOLD)
    found = run("suite.yaml", "--collect-only", "-q", "-s", cwd=place)
    line = next(each for each in found.stdout.splitlines() if each.startswith("ITEMS"))
    assert line.startswith("ITEMS 1020 HEAVY [] ")


def test_sessions_without_suites_import_next_to_nothing(place: Path) -> None:
    (place / "conftest.py").write_text(TOLD)
    (place / "test_mine.py").write_text("def test_nothing():\n    pass\n")
    (place / "room.yaml").write_text("bed: 1\n")
    found = run("-s", cwd=place)
    names = ["brownout", *(f"brownout.pytest_plugin{each}" for each in ("", ".gathering", ".plugin"))]
    assert f"ITEMS 1 HEAVY [] BROWNOUT {names}" in found.stdout
