"""Plugins that a stranger might install, installed for real."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from textwrap import dedent

import pytest

Program = Callable[..., "subprocess.CompletedProcess[str]"]

HEALTHY = """
    from brownout_registry import FusionCard, hookimpl

    @hookimpl
    def brownout_fusions():
        card = {"summary": "Works", "level": "decision"}
        return [
            FusionCard(name="fine", target="brownout_baselines.decisions:Mean", **card),
            FusionCard(name="explosive", target="healthy:explode", **card),
        ]

    def explode(task, heads):
        raise RuntimeError("boom")

    @hookimpl
    def brownout_run_started(folder, plan):
        raise ValueError("the logger is down")

    @hookimpl
    def brownout_cell_finished(cell):
        raise KeyError(cell["method"])

    @hookimpl
    def brownout_run_finished(run):
        raise OSError("no network")
"""
FAULTY = {
    "healthy": HEALTHY,
    "raises": """raise RuntimeError("libfoo is not here")""",
    "leaves": """import sys; sys.exit("leaving")""",
    "misspelt": """
        from brownout_registry import hookimpl

        @hookimpl
        def brownout_fusion():
            return []
    """,
    "signature": """
        from brownout_registry import hookimpl

        @hookimpl
        def brownout_fusions(colour):
            return []
    """,
    "unmarked": """
        def brownout_fusions():
            return []
    """,
    "wrong_card": """
        from brownout_registry import MetricCard, hookimpl

        @hookimpl
        def brownout_fusions():
            return [MetricCard(name="m", target="m:m", summary="", higher_is_better=True, range=(0, 1))]
    """,
    "no_cards": """
        from brownout_registry import hookimpl

        @hookimpl
        def brownout_fusions():
            return None
    """,
    "hook_raises": """
        from brownout_registry import hookimpl

        @hookimpl
        def brownout_metrics():
            raise ZeroDivisionError("in the hook")
    """,
}
TWIN = """
    from brownout_registry import FusionCard, hookimpl

    @hookimpl
    def brownout_fusions():
        return [FusionCard(name="twin", target="{module}:fuse", summary="One of two", level="decision")]

    def fuse():
        return "{module}"
"""


@pytest.fixture(scope="session")
def install(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Path]:
    """``install({distribution: {plugin: module source}})``: a folder with these distributions, installed by pip."""

    def install(distributions: Mapping[str, Mapping[str, str]], extra: str = "") -> Path:
        folder = tmp_path_factory.mktemp("installed")
        sources = [_distribution(folder / name, name, modules, extra) for name, modules in distributions.items()]
        pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "install", "--quiet", "--no-index"]
        options = ["--no-deps", "--no-build-isolation", "--no-compile", "--target", str(folder / "site")]
        done = subprocess.run([*pip, *options, *map(str, sources)], check=False, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        return folder / "site"

    return install


def _distribution(folder: Path, name: str, modules: Mapping[str, str], extra: str) -> Path:
    """Entry points are called as their modules; one of a twin's is called ``shared``."""
    folder.mkdir()
    for module, source in modules.items():
        (folder / f"{module}.py").write_text(dedent(source))
    points = "\n".join(f'{module} = "{module}"' for module in modules)
    (folder / "pyproject.toml").write_text(
        '[build-system]\nrequires = ["hatchling"]\nbuild-backend = "hatchling.build"\n'
        f'[project]\nname = "{name}"\nversion = "1.2"\n'
        f"[project.entry-points.brownout]\n{points}\n{extra.format(module=next(iter(modules)))}\n"
        '[tool.hatch.build.targets.wheel]\ninclude = ["*.py"]\n'
    )
    return folder


@pytest.fixture(scope="session")
def faulty(install: Callable[..., Path]) -> Path:
    """One distribution with a healthy plugin and many that are not."""
    return install({"brownout-faulty": FAULTY}, 'absent = "nowhere_to_be_found"')


@pytest.fixture(scope="session")
def twins(install: Callable[..., Path]) -> Path:
    """Two distributions that both register a plugin ``shared`` and a fusion ``twin``."""
    modules = {name: {name: TWIN.format(module=name)} for name in ("left", "right")}
    return install({f"brownout-{name}": each for name, each in modules.items()}, 'shared = "{module}"')


@pytest.fixture(scope="session")
def program() -> Program:
    """``program(site, "list", "fusion", NAME="value")``: the command line, with the distributions of a folder."""

    def run(
        site: Path, *arguments: object, code: str = "from brownout.cli import main; main()", **variables: str
    ) -> subprocess.CompletedProcess[str]:
        kept = {name: value for name, value in os.environ.items() if not name.startswith("BROWNOUT_")}
        environment = {**kept, "PYTHONPATH": str(site), "COLUMNS": "200", "OMP_NUM_THREADS": "1", **variables}
        command = [sys.executable, "-c", code, *map(str, arguments)]
        done = subprocess.run(command, check=False, env=environment, capture_output=True, text=True)
        assert "Traceback" not in done.stdout + done.stderr
        return done

    return run
