"""Distributions of strangers, installed from wheels beside registry and harness alone: whole ones and broken ones."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest

KINDS = ("fusion", "encoder", "perturbation", "metric", "dataset")
SUITE = """
suite: theirs
dataset: {use: my-dataset, samples: 120}
encoders: {vector: {use: my-encoder, width: 8}}
methods: [{name: theirs, fusion: my-fusion}]
training: {epochs: 3}
protocol:
  missing: {patterns: all}
  corruptions: {each: [my-perturbation], severities: [1, 5]}
metrics: [my-metric]
"""
BROKEN = {
    "absent": "import a_library_that_is_not_here",
    "misspelt": """
        from brownout_registry import hookimpl

        @hookimpl
        def brownout_fusion():
            return []
    """,
}
TWIN = """
    from brownout_registry import MetricCard, hookimpl

    @hookimpl
    def brownout_metrics():
        return [MetricCard(name="{name}", target="builtins:len", summary="One of two", higher_is_better=True,
                           range=(0, 1))]
"""
WHEEL = "pip wheel --no-deps --wheel-dir {0}/wheels {1} && pip install --no-deps {0}/wheels/*.whl"


@pytest.fixture(scope="module")
def strangers(fresh: Callable[..., Any], tmp_path_factory: pytest.TempPathFactory) -> Any:
    """An environment with registry, harness and five distributions that somebody else made, all from wheels."""
    folder = tmp_path_factory.mktemp("strangers")
    environment = fresh()
    made = "\n".join(f"brownout new-plugin my-{kind} --kind {kind}" for kind in KINDS)
    built = WHEEL.format(folder, " ".join(f"./my-{kind}" for kind in KINDS))
    done = environment.shell(f"{made}\n{built}\nrm -r my-*", folder)
    assert done.returncode == 0, done.stderr
    return environment


def listed(environment: Any, folder: Path, **variables: str) -> dict[str, dict[str, Any]]:
    done = environment.shell("brownout plugins --json", folder, **variables)
    assert done.returncode == 0, done.stderr
    return {row["name"]: row for row in json.loads(done.stdout)}


@pytest.mark.slow
def test_only_theirs_and_what_is_built_in_are_there(strangers: Any, tmp_path: Path) -> None:
    found = listed(strangers, tmp_path)
    assert set(found) == {"brownout", *(f"my-{kind}" for kind in KINDS)}
    assert [row["error"] for row in found.values()] == [""] * 6
    where = strangers.shell(
        "python -c 'import brownout, brownout_my_fusion as f; print(brownout.__file__, f.__file__)'", tmp_path
    )
    assert all(path.startswith(str(strangers.folder)) for path in where.stdout.split()), where.stdout


@pytest.mark.slow
def test_they_run_a_suite_among_themselves(strangers: Any, tmp_path: Path) -> None:
    (tmp_path / "suite.yaml").write_text(SUITE)
    done = strangers.shell("brownout run suite.yaml && brownout report runs/theirs --markdown", tmp_path)
    assert done.returncode == 0, done.stderr
    assert "7 of 7 finished" in done.stdout
    facts = json.loads((tmp_path / "runs/theirs/run.json").read_text())
    assert {f"brownout-my-{kind}" for kind in KINDS} <= set(facts["versions"])
    assert facts["encoder_rows"]["computed"] == facts["encoder_rows"]["minimal"] > 0


@pytest.mark.slow
def test_broken_ones_are_set_aside_and_twins_are_told_apart(strangers: Any, tmp_path: Path) -> None:
    for name, source in BROKEN.items():
        _distribution(tmp_path, name, source, name)
    for name in ("left", "right"):
        _distribution(tmp_path, name, TWIN.format(name=name), "twin")
    sources = " ".join(f"./{name}" for name in (*BROKEN, "left", "right"))
    done = strangers.shell(WHEEL.format(tmp_path, sources), tmp_path)
    assert done.returncode == 0, done.stderr

    done = strangers.shell("brownout plugins", tmp_path)
    assert done.returncode == 4
    assert "plugin 'twin' is registered by two distributions: stranger-" in done.stderr
    assert all(f"stranger-{name}" in done.stderr for name in ("left", "right"))

    found = listed(strangers, tmp_path, BROWNOUT_DISABLE_PLUGINS="twin")
    assert "No module named 'a_library_that_is_not_here'" in found["absent"]["error"]
    assert "unknown hook 'brownout_fusion'; did you mean 'brownout_fusions'" in found["misspelt"]["error"]
    assert {name for name, row in found.items() if row["error"]} == set(BROKEN)
    assert found["my-fusion"]["cards"] == ["my-fusion"]

    gone = "pip uninstall --yes stranger-left && brownout list metric --json"
    done = strangers.shell(gone, tmp_path)
    assert done.returncode == 0, done.stderr
    assert [row["name"] for row in json.loads(done.stdout)] == ["my-metric", "right"]
    assert "plugin 'misspelt' of stranger-misspelt was set aside" in done.stderr


def _distribution(folder: Path, name: str, source: str, plugin: str) -> None:
    """A distribution ``stranger-NAME`` of one module, as somebody might write it by hand."""
    (folder / name).mkdir()
    (folder / name / f"stranger_{name}.py").write_text(dedent(source))
    (folder / name / "pyproject.toml").write_text(
        '[build-system]\nrequires = ["hatchling"]\nbuild-backend = "hatchling.build"\n'
        f'[project]\nname = "stranger-{name}"\nversion = "1"\n'
        f'[project.entry-points.brownout]\n{plugin} = "stranger_{name}"\n'
    )
