"""Costs as pytest-benchmark stores them."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest


def test_a_group_for_each_method_with_its_robustness(
    session: Callable[..., Any], suite: Callable[..., Any], place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("PYTEST_XDIST_WORKER", raising=False)  # where these tests run in parallel, benchmarks are off
    methods = [{"name": "late", "fusion": "stacked"}, {"name": "early", "fusion": "early"}]
    suite(methods=methods, training={"epochs": 1}, summaries=["worst"])
    code = """
        import pytest
        from brownout.pytest_plugin.cost import WORKS

        @pytest.mark.brownout(suite="suite.yaml")
        @pytest.mark.parametrize("work", WORKS)
        def test_cost(robustness, cost, benchmark, work):
            cost.measure(benchmark, work)
        """
    (place / "test_mine.py").write_text(dedent(code))
    assert session("test_mine.py", "--benchmark-json", "bench.json").code == 0
    found = json.loads((place / "bench.json").read_text())["benchmarks"]
    assert {each["group"] for each in found} == {"small: late", "small: early"}
    assert len(found) == 6
    late = {each["extra_info"]["work"]: each for each in found if each["group"] == "small: late"}
    # two probes of 8 and 36 inputs and 5 outputs, their heads of three classes, and a weight for each modality
    assert late["fit"]["extra_info"]["parameters"] == (8 * 5 + 5) + (36 * 5 + 5) + 2 * (5 * 3 + 3) + 2
    assert set(late["fit"]["extra_info"]["scores"]) == {"clean", "missing image", "missing vector"}
    assert late["fit"]["extra_info"]["summaries"]["worst"] == min(late["fit"]["extra_info"]["scores"].values())
    predicted = late["predict-256"]
    expected = 40 / predicted["stats"]["median"]
    assert predicted["extra_info"]["samples_per_second"] == pytest.approx(expected)
    command = [sys.executable, "-m", "pytest_benchmark", "compare", "bench.json", "--group-by=group"]
    done = subprocess.run(command, cwd=place, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "small: early" in done.stdout


def test_memory_that_a_call_takes_is_seen() -> None:
    import numpy as np

    from brownout.pytest_plugin.cost import peak_memory

    peak = peak_memory(lambda: np.ones(40_000_000), "cpu")
    if peak is None:
        pytest.skip("this system does not tell the peak of resident memory")
    assert 300e6 < peak < 400e6
    assert (peak_memory(lambda: None, "cpu") or 0) < 20e6
