"""What only lists or tells answers without torch."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

HEAVY = ("torch", "timm", "transformers", "datasets", "sklearn", "scipy.stats", "pandas", "matplotlib")
CODE = """
import sys
from brownout.cli.main import _run
code = _run(sys.argv[1:])
print("HEAVY", *(name for name in {heavy} if name in sys.modules), file=sys.stderr)
sys.exit(code)
"""


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["--help"], "Usage: brownout"),
        (["run", "--help"], "--dry-run"),
        (["list"], "jacobian"),
        (["list", "fusion", "--json"], '"name": "jacobian"'),
        (["show", "jacobian"], "option gamma"),
        (["show", "suite-schema"], '"$defs"'),
        (["plugins"], "brownout-jacobian"),
        (["cite", "RUN"], "@"),
    ],
)
def test_no_heavy_import(
    finished: Path, program: Callable[..., subprocess.Popen[str]], arguments: list[str], expected: str
) -> None:
    given = [str(finished) if each == "RUN" else each for each in arguments]
    started = program(*given, code=CODE.format(heavy=HEAVY))
    out, err = started.communicate()
    assert started.returncode == 0, err
    assert expected in out
    assert err.splitlines()[-1].split() == ["HEAVY"]


def test_the_check_would_see_torch(program: Callable[..., subprocess.Popen[str]]) -> None:
    _, err = program("show", "jacobian", code=f"import torch\n{CODE.format(heavy=HEAVY)}").communicate()
    assert "torch" in err.splitlines()[-1].split()
