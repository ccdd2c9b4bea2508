"""What only lists or tells answers without torch; how torch's threads wait is settled before it is imported."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from brownout.cli.main import main

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


def test_settings_are_there_and_bring_torch_only_when_asked_for(
    program: Callable[..., subprocess.Popen[str]],
) -> None:
    code = "import brownout; assert 'torch' not in sys.modules; print(brownout.Settings(out='x').out)"
    out, err = program(code=f"import sys; {code}").communicate()
    assert (out.strip(), err) == ("x", "")


def test_the_check_would_see_torch(program: Callable[..., subprocess.Popen[str]]) -> None:
    _, err = program("show", "jacobian", code=f"import torch\n{CODE.format(heavy=HEAVY)}").communicate()
    assert "torch" in err.splitlines()[-1].split()


@pytest.mark.parametrize(
    ("given", "spins"),
    [({}, "1000"), ({"GOMP_SPINCOUNT": "7"}, "7"), ({"OMP_WAIT_POLICY": "ACTIVE"}, None)],
)
def test_waiting_threads_sleep_soon_unless_the_user_has_said_how_they_wait(
    monkeypatch: pytest.MonkeyPatch, given: dict[str, str], spins: str | None
) -> None:
    monkeypatch.setattr(os, "environ", dict(given))
    monkeypatch.setattr(sys, "argv", ["brownout", "--help"])
    with pytest.raises(SystemExit):
        main()
    assert os.environ.get("GOMP_SPINCOUNT") == spins
