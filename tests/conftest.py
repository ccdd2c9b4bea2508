"""What all tests share: where real data lies, and golden numbers."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

HERE = Path(__file__).parent


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of real data sets, or a skip with the reason."""
    folder = Path(os.environ.get("BROWNOUT_DATA", HERE.parents[1] / "shared" / "data"))
    if not folder.is_dir():
        pytest.skip(f"real data not at hand: {folder} is absent (set BROWNOUT_DATA)")
    return folder


@pytest.fixture(scope="session")
def golden() -> Callable[[str, str], dict[str, Any]]:
    """``golden("jacobian", "worked_example_gamma0.5")``: one case, with its arrays decoded."""

    def load(name: str, case: str) -> dict[str, Any]:
        cases = json.loads((HERE / "golden" / f"{name}.json").read_text())["cases"]
        return _decode(next(each for each in cases if each["id"] == case))

    return load


def _decode(value: Any) -> Any:
    if isinstance(value, dict) and set(value) == {"shape", "dtype", "data"}:
        return np.array(value["data"], dtype=value["dtype"]).reshape(value["shape"])
    if isinstance(value, dict):
        return {key: _decode(each) for key, each in value.items()}
    if isinstance(value, list):
        return [_decode(each) for each in value]
    return value
