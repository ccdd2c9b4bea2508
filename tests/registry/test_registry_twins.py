"""Two distributions want the same name: of a plugin, of a component."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

Program = Callable[..., "subprocess.CompletedProcess[str]"]
FIND = """
import sys
from brownout_registry import UsageError, catalogue, resolve
try:
    print(resolve(catalogue().find("fusion", sys.argv[1]).card)())
except UsageError as error:
    print("refused:", error)
"""


@pytest.mark.parametrize("command", [["list"], ["plugins"], ["show", "mean"]])
def test_the_same_plugin_name_is_an_error_that_names_both(program: Program, twins: Path, command: list[str]) -> None:
    done = program(twins, *command)
    assert done.returncode == 4
    assert done.stdout == ""
    for part in ("'shared'", "brownout-left", "brownout-right", "BROWNOUT_DISABLE_PLUGINS=shared"):
        assert part in done.stderr


def test_disabling_the_name_cures_it(program: Program, twins: Path) -> None:
    done = program(twins, "plugins", BROWNOUT_DISABLE_PLUGINS="shared")
    assert done.returncode == 0, done.stderr
    assert "brownout-left" in done.stdout
    assert "brownout-right" in done.stdout
    assert "shared" not in done.stdout


def test_the_same_component_name_is_an_error_that_names_both(program: Program, twins: Path) -> None:
    said = program(twins, "twin", code=FIND, BROWNOUT_DISABLE_PLUGINS="shared").stdout
    assert said.startswith("refused: fusion 'twin' is provided by two distributions")
    assert "brownout-left/twin or brownout-right/twin" in said


@pytest.mark.parametrize("name", ["left", "right"])
def test_the_full_name_always_resolves(program: Program, twins: Path, name: str) -> None:
    said = program(twins, f"brownout-{name}/twin", code=FIND, BROWNOUT_DISABLE_PLUGINS="shared").stdout
    assert said.strip() == name


def test_disabling_one_of_them_leaves_one_component(program: Program, twins: Path) -> None:
    said = program(twins, "twin", code=FIND, BROWNOUT_DISABLE_PLUGINS="shared,left").stdout
    assert said.strip() == "right"
