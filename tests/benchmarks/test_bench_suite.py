"""What each method of the quickstart costs, stored with how robust it is.

``tox run -e bench`` saves the numbers below ``.benchmarks/``; ``pytest-benchmark compare`` sets two of them side by
side, a group for each method.
"""

from __future__ import annotations

from typing import Any

import pytest

from brownout.pytest_plugin.cost import WORKS, Cost, Work


@pytest.fixture(autouse=True)
def _only_when_asked(pytestconfig: pytest.Config) -> None:
    if not pytestconfig.getoption("benchmark_enable"):
        pytest.skip("computes the whole quickstart: only with --benchmark-enable")


@pytest.mark.brownout(suite="configs/quickstart.yaml")
@pytest.mark.parametrize("work", WORKS)
def test_cost(robustness: Any, cost: Cost, benchmark: Any, work: Work) -> None:
    cost.measure(benchmark, work)
