"""What ``brownout new-plugin`` writes is installed, listed, checked and tested as it says itself."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

KINDS = ("fusion", "encoder", "perturbation", "metric", "dataset")
TYPED = """
brownout new-plugin {name} --kind {kind}
cd {name}
pip install -e . && brownout plugins && brownout check {name}
pytest -v
"""


@pytest.fixture(scope="module")
def bare(fresh: Callable[..., Any]) -> Any:
    """An environment with registry and harness only."""
    return fresh()


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
def test_it_works_without_another_edit(bare: Any, kind: str, tmp_path: Path) -> None:
    done = bare.shell(TYPED.format(name=f"my-{kind}", kind=kind), tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    said = done.stdout.splitlines()
    assert any(line.split() == [f"my-{kind}", f"brownout-my-{kind}", "0.1.0", "1"] for line in said)
    assert any(line.startswith(f"{kind} my-{kind}: ") and ", 0 failed" in line for line in said)
    assert "passed" in said[-1]
    assert "failed" not in said[-1]
    assert f"test_conformance[my-{kind}-card-complete]" in done.stdout
