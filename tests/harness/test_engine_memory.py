"""Memory does not grow with the number of conditions or samples: views and encodings stream."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

pytestmark = [pytest.mark.usefixtures("testing_plugin"), pytest.mark.slow]

MEASURE = """
import json, resource, sys
from pathlib import Path
from brownout import run
from brownout.engine.settings import Settings

for place, suite in enumerate(json.loads(sys.argv[1])):
    done = run(suite, Settings(Path(str(place)), Path(f"{place}-cache"), device="cpu"))
    assert not done.failures
    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
"""


def test_peak_memory_grows_neither_with_samples_nor_with_conditions(make_suite: Any, tmp_path: Path) -> None:
    """Peak of one process (in MiB) after a small run, one of ten times the samples, and one of more conditions."""

    def suite(samples: int, **corruptions: Any) -> Any:
        encoders = {kind: {"use": "probe", "width": 160} for kind in ("vector", "image")}
        dataset = {"test": samples, "width": 64}
        each = {"each": ["shift"], "modalities": ["vector"], **corruptions}
        methods = [{"name": "concatenation", "fusion": "concatenation"}]
        return make_suite(dataset=dataset, encoders=encoders, methods=methods, protocol={"corruptions": each})

    levels = [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0]
    many = {"each": [{"use": "shift", "levels": levels}], "patterns": "all"}
    suites = [suite(2_000, severities=[1]), suite(20_000, severities=[1]), suite(20_000, **many)]
    program = [sys.executable, "-c", MEASURE, json.dumps(suites)]
    done = subprocess.run(program, cwd=tmp_path, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr
    small, large, more = map(float, done.stdout.split())
    view = 20_000 * 160 * 4 / 2**20
    stored = sum(file.stat().st_size for file in (tmp_path / "2-cache").glob("*.npy")) / 2**20
    assert stored > 11 * view  # what would have to be in memory if nothing streamed
    assert large - small < 3 * view
    assert more - large < 3 * view
