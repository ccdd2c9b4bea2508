"""G7, nothing lost: a run killed again and again ends as one that nobody disturbed, bit for bit."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

pytestmark = [pytest.mark.usefixtures("testing_plugin"), pytest.mark.slow]

KILLS = 10


@pytest.fixture
def suite_file(make_suite: Any, tmp_path: Path) -> Path:
    """All levels, a trained decision-level fusion, a stochastic one and a backbone; a few seconds of work."""
    encoders = {
        "vector": {"use": "probe", "fault": "sleeps"},
        "image": {"use": "probe", "backbone": {"use": "probe", "width": 9, "fault": "sleeps"}},
    }
    content = make_suite(
        encoders=encoders,
        methods=[
            {"name": "mean", "fusion": "mean"},
            {"name": "stacked", "fusion": "stacked"},
            {"name": "tokens", "fusion": "tokens"},
            {"name": "random", "fusion": "faulty", "options": {"fault": "random"}},
            {"name": "early", "fusion": "early"},
            {"name": "slow", "fusion": "faulty", "options": {"fault": "sleeps"}},
        ],
        training={"epochs": 2, "seeds": [0, 1]},
        protocol={
            "missing": {"patterns": "all", "rates": [0.4]},
            "corruptions": {"each": ["shift"]},
        },
    )
    file = tmp_path / "suite.yaml"
    file.write_text(yaml.safe_dump(content))
    return file


def committed(out: Path, cache: Path) -> int:
    """How far a run is: entries of the cache and lines of cells."""
    cells = out / "cells.jsonl"
    return len(list(cache.glob("*.json"))) + (cells.read_bytes().count(b"\n") if cells.is_file() else 0)


def kill_when(process: subprocess.Popen[str], out: Path, cache: Path, goal: int, delay: float) -> bool:
    """Kill a run some time after it has committed so much; whether it was still running."""
    while process.poll() is None and committed(out, cache) < goal:
        time.sleep(0.005)
    time.sleep(delay)
    running = process.poll() is None
    process.kill()
    process.communicate()
    return running


def contents(out: Path) -> dict[str, Any]:
    """Every cell as recorded (digest of its predictions and scores included), its file's bytes, and the counts."""
    cells = [json.loads(line) for line in (out / "cells.jsonl").read_text().splitlines()]
    facts = json.loads((out / "run.json").read_text())
    assert len({cell["cell"] for cell in cells}) == len(cells) == facts["counts"]["finished"] == len(facts["cells"])
    return {cell["cell"]: (cell, (out / cell["file"]).read_bytes()) for cell in cells}


def test_ten_kills_change_nothing(suite_file: Path, command: Callable[..., Any], tmp_path: Path) -> None:
    calm, calm_cache = tmp_path / "calm", tmp_path / "calm-cache"
    process = command("run", suite_file, "--out", calm, "--cache", calm_cache)
    _, told = process.communicate(timeout=120)
    assert process.returncode == 0, told
    total = committed(calm, calm_cache)
    out, cache = tmp_path / "killed", tmp_path / "killed-cache"
    chance, killed = random.Random(0), 0
    for turn in range(KILLS):
        process = command("run", suite_file, "--out", out, "--cache", cache)
        goal = max(committed(out, cache), total * 6 * turn // (10 * KILLS)) + chance.randint(0, 2)
        killed += kill_when(process, out, cache, goal if turn else 0, chance.uniform(0, 0.05))
    assert killed == KILLS
    before = committed(out, cache)
    assert 0 < before < total
    process = command("run", suite_file, "--out", out, "--cache", cache)
    _, told = process.communicate(timeout=120)
    assert process.returncode == 0, told
    assert "were computed before" in told
    assert contents(out) == contents(calm)
    rows = json.loads((out / "run.json").read_text())["sessions"][-1]
    assert rows["computed"] == rows["minimal"]
    process = command("run", suite_file, "--out", out, "--cache", cache)
    _, told = process.communicate(timeout=120)
    assert "nothing is recomputed" in told
    assert not list(out.rglob(".*.tmp"))


def test_a_killed_pool_leaves_no_worker_and_can_be_continued(
    suite_file: Path, command: Callable[..., Any], tmp_path: Path
) -> None:
    out, cache = tmp_path / "run", tmp_path / "cache"
    arguments = ("run", suite_file, "--out", out, "--cache", cache, "--executor", "process", "--workers", "1")
    process = command(*arguments)
    while process.poll() is None and not committed(out, cache):
        time.sleep(0.01)
    workers = children(process.pid)
    assert workers
    process.kill()
    process.wait()
    patience = time.monotonic() + 30
    while any(map(alive, workers)) and time.monotonic() < patience:
        time.sleep(0.05)
    left = [worker for worker in workers if alive(worker)]
    for worker in left:  # so that nobody waits for their output
        os.kill(worker, signal.SIGKILL)
    process.communicate()
    assert not left
    process = command(*arguments)
    process.communicate(timeout=120)
    assert process.returncode == 0
    contents(out)


def children(pid: int) -> list[int]:
    """Processes that a process started, on Linux."""
    file = Path(f"/proc/{pid}/task/{pid}/children")
    if not file.is_file():
        pytest.skip("needs Linux's /proc")
    return [int(each) for each in file.read_text().split()]


def alive(pid: int) -> bool:
    """Whether a process still runs (one that nobody has reaped does not)."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False
