"""A plugin that is broken costs itself only, and says why."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Program = Callable[..., "subprocess.CompletedProcess[str]"]
REASONS = {
    "raises": "RuntimeError: libfoo is not here",
    "leaves": "SystemExit: leaving",
    "misspelt": "unknown hook 'brownout_fusion'; did you mean 'brownout_fusions'",
    "signature": "{'colour'} are declared in the hookimpl but can not be found in the hookspec",
    "unmarked": "hook 'brownout_fusions' is not marked with @hookimpl",
    "wrong_card": "hook 'brownout_fusions' returned a MetricCard, expected FusionCard",
    "no_cards": "TypeError: ",
    "hook_raises": "ZeroDivisionError: in the hook",
    "absent": "ModuleNotFoundError: No module named 'nowhere_to_be_found'",
}


@pytest.fixture(scope="module")
def listed(program: Program, faulty: Path) -> dict[str, dict[str, Any]]:
    """What ``brownout plugins --json`` says, by plugin."""
    done = program(faulty, "plugins", "--json")
    assert done.returncode == 0, done.stderr
    return {row["name"]: row for row in json.loads(done.stdout)}


@pytest.mark.parametrize("plugin", REASONS)
def test_it_is_set_aside_with_its_reason(listed: dict[str, dict[str, Any]], plugin: str) -> None:
    row = listed[plugin]
    assert REASONS[plugin] in row["error"]
    assert "\n" not in row["error"]
    assert (row["distribution"], row["version"], row["cards"]) == ("brownout-faulty", "1.2", [])


def test_the_others_are_loaded(listed: dict[str, dict[str, Any]]) -> None:
    assert listed["healthy"]["cards"] == ["fine", "explosive"]
    assert {name for name, row in listed.items() if row["error"]} == set(REASONS)
    assert "mean" in listed["baselines"]["cards"]


def test_the_table_of_plugins_shows_it(program: Program, faulty: Path) -> None:
    said = " ".join(program(faulty, "plugins").stdout.split())
    assert "raises brownout-faulty 1.2 BROKEN: RuntimeError: libfoo is not here" in said


def test_listing_works_and_mentions_it(program: Program, faulty: Path) -> None:
    done = program(faulty, "list", "fusion", "--json")
    assert done.returncode == 0
    assert {"mean", "fine"} <= {card["name"] for card in json.loads(done.stdout)}
    assert "plugin 'raises' of brownout-faulty was set aside: RuntimeError: libfoo is not here" in done.stderr


def test_a_run_that_asks_for_what_it_might_have_had_mentions_it(program: Program, faulty: Path, tmp_path: Path) -> None:
    suite = tmp_path / "suite.yaml"
    suite.write_text("{suite: s, dataset: htad, encoders: {vector: mlp}, methods: [{name: m, fusion: wizardry}]}")
    done = program(faulty, "run", suite, "--out", tmp_path / "run")
    assert done.returncode == 4
    assert f"{suite}: methods[0] (m): unknown fusion 'wizardry'; known: " in done.stderr
    assert "plugins that could not be loaded and may provide it" in done.stderr
    assert "plugin 'raises' of brownout-faulty 1.2: RuntimeError: libfoo is not here" in done.stderr
    assert not (tmp_path / "run").exists()


def test_an_unknown_component_to_show_mentions_it(program: Program, faulty: Path) -> None:
    done = program(faulty, "show", "wizardry")
    assert done.returncode == 4
    assert "plugin 'raises' of brownout-faulty was set aside" in done.stderr


@pytest.mark.parametrize("command", ["list", "plugins"])
def test_it_is_fatal_under_strict(program: Program, faulty: Path, command: str) -> None:
    done = program(faulty, command, BROWNOUT_STRICT="1")
    assert done.returncode == 4
    assert done.stdout == ""
    assert "BROWNOUT_STRICT" in done.stderr
    for plugin, reason in REASONS.items():
        assert f"plugin {plugin!r} of brownout-faulty 1.2: " in done.stderr
        assert reason in done.stderr


def test_one_that_is_disabled_is_not_even_imported(program: Program, faulty: Path) -> None:
    done = program(faulty, "plugins", "--json", BROWNOUT_STRICT="1", BROWNOUT_DISABLE_PLUGINS=", ".join(REASONS))
    assert done.returncode == 0, done.stderr
    assert not {row["name"] for row in json.loads(done.stdout)} & set(REASONS)
