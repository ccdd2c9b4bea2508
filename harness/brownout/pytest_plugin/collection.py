"""Suite files as pytest's tree: file, dataset, method, training seed, cell."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import groupby
from pathlib import Path
from typing import Any

import pytest

from brownout.pytest_plugin.judging import judge
from brownout.pytest_plugin.listing import Listed, ListedSuite
from brownout.pytest_plugin.plugin import state_of
from brownout_registry import UsageError

KEYS = [re.compile(rf"^['\"]?{key}['\"]?\s*:", re.MULTILINE) for key in ("suite", "methods")]


def is_suite(path: Path) -> bool:
    """Whether a YAML file has the keys ``suite`` and ``methods``; it need not be valid."""
    text = path.read_text(encoding="utf-8", errors="replace")
    return all(key.search(text) for key in KEYS)


class SuiteFile(pytest.File):
    """A suite file."""

    def collect(self) -> Iterator[pytest.Collector | pytest.Item]:
        """One branch for each dataset.

        Raises:
            CollectError: a mistake in the suite, told in one line each.
        """
        try:
            listed = state_of(self.config).listed(self.path)
        except UsageError as error:
            raise self.CollectError(str(error)) from None
        yield from branches(self, listed, listed.cells, 0)


class Branch(pytest.Collector):
    """Cells that share dataset, or dataset and method, or training seed too."""

    def __init__(self, *, listed: ListedSuite, cells: Sequence[Listed], depth: int, **more: Any) -> None:
        super().__init__(**more)
        self.listed, self.cells, self.depth = listed, cells, depth

    def collect(self) -> Iterator[pytest.Collector | pytest.Item]:
        """The next branches or, at the last, the cells."""
        yield from branches(self, self.listed, self.cells, self.depth + 1)


class CellItem(pytest.Item):
    """One cell; it passes if it was computed and all its gates hold."""

    def __init__(self, *, listed: ListedSuite, cell: Listed, **more: Any) -> None:
        super().__init__(**more)
        self.listed, self.cell = listed, cell
        self.state = state_of(self.config)
        self.state.needs[self.nodeid] = (listed.path, (cell,))
        for reason in (gate.xfail for _, gate in cell.gates if gate.xfail):
            self.add_marker(pytest.mark.xfail(reason=reason, strict=False))

    def setup(self) -> None:
        """Compute what the session needs of the suite, if nobody has."""
        try:
            self.state.computed(self.listed.path, self.session.items)
        except UsageError as error:
            raise pytest.fail.Exception(str(error), pytrace=False) from None

    def runtest(self) -> None:
        """Hold the cell to its gates and to the baseline."""
        verdict = judge(self.state, self.listed, self.cell, self.session.items)
        self.user_properties.extend(verdict.properties(self.cell))
        self.state.measured[self.nodeid] = verdict.measured(self.state, self.listed, self.cell)
        if verdict.failures:
            pytest.fail("; ".join(verdict.failures), pytrace=False)

    def reportinfo(self) -> tuple[Path, None, str]:
        """Where the cell stands."""
        return self.path, None, self.cell.id


def branches(
    parent: pytest.Collector, listed: ListedSuite, cells: Sequence[Listed], depth: int
) -> Iterator[pytest.Collector | pytest.Item]:
    """What stands below a node of the tree."""
    if depth == 3:
        yield from (CellItem.from_parent(parent, name=cell.condition.name, listed=listed, cell=cell) for cell in cells)
        return
    for name, group in groupby(cells, key=lambda cell: cell.parts[depth]):
        yield Branch.from_parent(parent, name=name, listed=listed, cells=tuple(group), depth=depth)


def parametrise(metafunc: pytest.Metafunc) -> None:
    """Give a marked test its cells or, if it asks for ``robustness`` alone, each method on each dataset."""
    marker = metafunc.definition.get_closest_marker("brownout")
    assert marker is not None
    unknown = sorted(marker.kwargs.keys() - {"suite", "methods", "conditions"})
    if marker.args or unknown or "suite" not in marker.kwargs:
        raise pytest.Collector.CollectError("brownout: write @pytest.mark.brownout(suite=..., methods=, conditions=)")
    try:
        listed = state_of(metafunc.config).listed(metafunc.config.rootpath / marker.kwargs["suite"])
    except UsageError as error:
        raise pytest.Collector.CollectError(str(error)) from None
    cells = listed.chosen(marker.kwargs.get("methods", ["*"]), marker.kwargs.get("conditions", ["*"]))
    if "cell" in metafunc.fixturenames:
        given: dict[str, tuple[ListedSuite, Listed]] = {cell.id: (listed, cell) for cell in cells}
        metafunc.parametrize("cell", given.values(), ids=given.keys(), indirect=True)
    elif "robustness" in metafunc.fixturenames:
        given = {"::".join(cell.parts[:2]): (listed, cell) for cell in cells}
        metafunc.parametrize("robustness", given.values(), ids=given.keys(), indirect=True)


def note_needs(item: pytest.Item) -> None:
    """Note which cells a marked test needs."""
    marker, params = item.get_closest_marker("brownout"), getattr(getattr(item, "callspec", None), "params", {})
    given = params.get("cell") or params.get("robustness")
    if marker and given:
        listed, cell = given
        whole = "robustness" in getattr(item, "fixturenames", ())
        cells = listed.of(cell.dataset, cell.method) if whole else [cell]
        state_of(item.config).needs[item.nodeid] = (listed.path, tuple(cells))
