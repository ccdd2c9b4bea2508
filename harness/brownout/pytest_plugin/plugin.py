"""What pytest calls: options, collection, fixtures, reports. Nothing heavy is imported before it is needed."""

from __future__ import annotations

from collections.abc import Generator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from brownout.pytest_plugin.gathering import Gatherer

if TYPE_CHECKING:
    from brownout.pytest_plugin.cost import Cost
    from brownout.pytest_plugin.fixtures import CellResult, Robustness
    from brownout.pytest_plugin.state import State

STATE: pytest.StashKey[State] = pytest.StashKey()
MARKER = (
    'brownout(suite, methods=["*"], conditions=["*"]): run the test for each cell of a suite file (its path relative '
    "to the root folder) that the patterns select; see the fixtures cell and robustness"
)


def pytest_addoption(parser: pytest.Parser) -> None:
    """Options of the group ``brownout``."""
    group = parser.getgroup("brownout", "robustness suites (brownout)")
    add = group.addoption
    add("--brownout-runs", metavar="DIR", default="runs", help="folder of the run folders; default: runs")
    add("--brownout-baseline", metavar="FILE", help="fail cells that are worse than in this file")
    add("--brownout-accept", action="store_true", help="write what was measured to the baseline instead")
    add("--brownout-tolerance", metavar="X", type=float, default=0.0, help="a loss against the baseline that passes")
    choices = ("pass", "fail")
    add("--brownout-missing", choices=choices, default="pass", help="cells that the baseline does not have")
    add("--brownout-limit", metavar="N", type=int, help="only the first N test samples; results are not comparable")
    add("--brownout-json", metavar="FILE", help="write results as JSON")
    add("--brownout-html", metavar="FILE", help="write the report as HTML")
    parser.addini("brownout_suites", "suite files that are collected without being named (globs)", type="linelist")


def pytest_configure(config: pytest.Config) -> None:
    """Refuse options that do not go together before anything is collected."""
    config.addinivalue_line("markers", MARKER)
    config.pluginmanager.register(Gatherer(config), "brownout-gatherer")
    if any(config.getoption(f"brownout_{name}") for name in ("baseline", "accept", "limit")):
        from brownout.pytest_plugin.options import refuse_mistakes

        refuse_mistakes(config)


def state_of(config: pytest.Config) -> State:
    """What this session knows of suites; made when it is first asked for."""
    from brownout.pytest_plugin.state import State

    if STATE not in config.stash:
        config.stash[STATE] = State(config)
    return config.stash[STATE]


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> pytest.Collector | None:
    """Suite files that are named on the command line or match ``brownout_suites``."""
    if file_path.suffix not in (".yaml", ".yml"):
        return None
    globs = parent.config.getini("brownout_suites")
    if not parent.session.isinitpath(file_path) and not _matches(file_path, parent.config.rootpath, globs):
        return None
    from brownout.pytest_plugin.collection import SuiteFile, is_suite

    return SuiteFile.from_parent(parent, path=file_path) if is_suite(file_path) else None


def _matches(path: Path, root: Path, globs: list[str]) -> bool:
    return path.is_relative_to(root) and any(path.relative_to(root).match(glob) for glob in globs)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Parametrise a test that is marked with ``brownout``."""
    if metafunc.definition.get_closest_marker("brownout"):
        from brownout.pytest_plugin.collection import parametrise

        parametrise(metafunc)


def pytest_itemcollected(item: pytest.Item) -> None:
    """Note which cells a marked test needs, so that all are computed together."""
    if isinstance(item, pytest.Function) and item.get_closest_marker("brownout"):
        from brownout.pytest_plugin.collection import note_needs

        note_needs(item)


@pytest.fixture
def cell(request: pytest.FixtureRequest) -> CellResult:
    """One cell of the suite that ``@pytest.mark.brownout(suite=...)`` names, computed."""
    from brownout.pytest_plugin.fixtures import cell_result

    return cell_result(request)


@pytest.fixture
def robustness(request: pytest.FixtureRequest) -> Robustness:
    """All cells of one method on one dataset of the suite that ``@pytest.mark.brownout(suite=...)`` names."""
    from brownout.pytest_plugin.fixtures import robustness_of

    return robustness_of(request)


@pytest.fixture
def cost(request: pytest.FixtureRequest, robustness: Robustness) -> Cost:
    """What the method of ``robustness`` costs, for pytest-benchmark: ``cost.measure(benchmark, "fit")``."""
    from brownout.pytest_plugin.cost import cost_of

    return cost_of(request, robustness)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Let the report carry what the item measured to wherever reports are gathered."""
    report = yield
    if STATE in item.config.stash and (measured := item.config.stash[STATE].measured.get(item.nodeid)):
        report.__dict__["brownout"] = measured
    return report
