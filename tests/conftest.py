"""What all tests share: where real data lies, and golden numbers."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import sysconfig
import venv
from collections.abc import Callable
from dataclasses import dataclass
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


@dataclass(frozen=True)
class Fresh:
    """A virtual environment, and a shell in which it is active and nothing can be downloaded."""

    folder: Path

    def shell(self, commands: str, cwd: Path, **variables: str) -> subprocess.CompletedProcess[str]:
        """Run commands one after the other until one fails."""
        kept = {name: each for name, each in os.environ.items() if not name.startswith(("BROWNOUT_", "PYTHON", "PIP_"))}
        offline = {"PIP_NO_INDEX": "1", "PIP_DISABLE_PIP_VERSION_CHECK": "1", "PIP_QUIET": "1", "HF_HUB_OFFLINE": "1"}
        offline |= {"PIP_NO_BUILD_ISOLATION": "0"}  # pip's odd way of saying yes: what builds is taken from here
        own = {"PATH": f"{self.folder / 'bin'}{os.pathsep}{os.environ['PATH']}", "VIRTUAL_ENV": str(self.folder)}
        environment = {**kept, **offline, **own, "OMP_NUM_THREADS": "1", "COLUMNS": "200", **variables}
        command = ["bash", "-e", "-o", "pipefail", "-c", commands]
        return subprocess.run(command, check=False, cwd=cwd, env=environment, capture_output=True, text=True)


SCRIPT = """#!{0}/bin/python
import sys
from {1} import {2}
if __name__ == "__main__":
    sys.exit({2}())
"""


@pytest.fixture(scope="session")
def wheels(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with wheels of registry and harness."""
    folder = tmp_path_factory.mktemp("wheels")
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "wheel", "--quiet", "--no-index", "--no-deps"]
    sources = [str(HERE.parent / name) for name in ("registry", "harness")]
    subprocess.run([*pip, "--no-build-isolation", "--wheel-dir", str(folder), *sources], check=True)
    return folder


@pytest.fixture(scope="session")
def fresh(tmp_path_factory: pytest.TempPathFactory, wheels: Path) -> Callable[..., Fresh]:
    """``fresh(plugins=False)``: an environment with wheels of registry and harness, and our plugins if asked for.

    The libraries that they need are not installed again: they are taken from the environment that runs the tests.
    """

    def make(*, plugins: bool = False) -> Fresh:
        folder = tmp_path_factory.mktemp("fresh")
        venv.create(folder, symlinks=True)
        site = Path(sysconfig.get_path("purelib", "venv", {"base": str(folder)}))
        libraries = _linked(tmp_path_factory.mktemp("libraries"), plugins=plugins)
        ours = sorted((HERE.parent / "plugins").iterdir()) if plugins else []
        (site / "libraries.pth").write_text("\n".join(map(str, [libraries, *ours])))
        for name, start in (("pip", "pip._internal.cli.main:main"), ("pytest", "pytest:main")):
            script = folder / "bin" / name
            script.write_text(SCRIPT.format(folder, *start.split(":")))
            script.chmod(0o755)
        made = Fresh(folder)
        done = made.shell(f"pip install --quiet --no-deps {wheels}/*.whl", folder)
        assert done.returncode == 0, done.stderr
        return made

    return make


def _linked(folder: Path, *, plugins: bool) -> Path:
    """Links to what is installed here, without Brownout itself and, unless asked for, without its plugins."""
    for site in {sysconfig.get_path("purelib"), sysconfig.get_path("platlib")}:
        for path in Path(site).iterdir():
            ours = path.name.startswith("brownout")
            wanted = (
                plugins and not path.name.startswith(("brownout-", "brownout_registry")) and path.name != "brownout"
            )
            if path.suffix != ".pth" and path.name != "__pycache__" and (wanted or not ours):
                (folder / path.name).symlink_to(path)
    return folder
