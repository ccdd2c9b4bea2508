"""The cells of a suite by name, listed without torch and without data."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import cached_property
from pathlib import Path

from brownout.engine.provenance import title
from brownout.engine.specs import CellName
from brownout.suite.load import load_suite
from brownout.suite.modalities import outline
from brownout.suite.schema import Gate, Suite
from brownout_registry import ConditionFacts, UsageError, unknown


@dataclass(frozen=True)
class Listed:
    """A cell that nothing is known of but what it is called, and its gates with their places in the suite."""

    dataset: str
    method: str
    seed: int
    condition: ConditionFacts
    gates: tuple[tuple[int, Gate], ...] = ()

    @property
    def name(self) -> CellName:
        """As the engine has it."""
        return self.dataset, self.method, self.seed, self.condition.name

    @property
    def parts(self) -> tuple[str, ...]:
        """Its place in the tree of items."""
        return self.dataset, self.method, f"seed{self.seed}", self.condition.name

    @property
    def id(self) -> str:
        """As baselines have it.

        Example:
            >>> Listed("htad", "qmf", 0, ConditionFacts("missing audio", "missing audio", "missing")).id
            'htad::qmf::seed0::missing audio'
        """
        return "::".join(self.parts)


@dataclass(frozen=True)
class ListedSuite:
    """A suite and its cells."""

    path: Path
    suite: Suite
    cells: tuple[Listed, ...]

    @cached_property
    def clean(self) -> dict[tuple[str, str, int], Listed]:
        """The clean cell of each dataset, method and seed."""
        return {each.name[:3]: each for each in self.cells if each.condition.kind == "clean"}

    def of(self, dataset: str, method: str) -> list[Listed]:
        """All cells of one method on one dataset."""
        return [each for each in self.cells if (each.dataset, each.method) == (dataset, method)]

    def chosen(self, methods: Sequence[str], conditions: Sequence[str]) -> list[Listed]:
        """The cells that shell patterns select."""
        return [each for each in self.cells if _fits(each.method, methods) and _fits(each.condition.name, conditions)]


def list_suite(path: Path) -> ListedSuite:
    """Read a suite file and lay out its cells.

    Raises:
        UsageError: a mistake in the suite, its gates included.
    """
    shown = path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path
    suite = load_suite(shown)
    cells = [Listed(*cell.name[:3], cell.condition.facts) for cell in outline(suite).cells]
    listed = ListedSuite(path, suite, tuple(Listed(*_fields(each), _gates(suite, each)) for each in cells))
    for place, gate in enumerate(suite.gates):
        _check(listed, gate, f"{shown}: gates[{place}]")
    return listed


def _fields(cell: Listed) -> tuple[str, str, int, ConditionFacts]:
    return cell.dataset, cell.method, cell.seed, cell.condition


def _gates(suite: Suite, cell: Listed) -> tuple[tuple[int, Gate], ...]:
    found = enumerate(suite.gates)
    return tuple(
        (i, gate)
        for i, gate in found
        if _fits(cell.method, gate.methods) and _fits(cell.condition.name, gate.conditions)
    )


def _check(listed: ListedSuite, gate: Gate, where: str) -> None:
    metrics = [title(use) for use in listed.suite.metrics]
    if gate.metric is not None and gate.metric not in metrics:
        raise UsageError(f"{where}.metric: {unknown('metric of this suite', gate.metric, metrics)}")
    methods = [method.name for method in listed.suite.methods]
    conditions = list(dict.fromkeys(cell.condition.name for cell in listed.cells))
    for key, patterns, names in (("methods", gate.methods, methods), ("conditions", gate.conditions, conditions)):
        for pattern in patterns:
            if not any(fnmatchcase(name, pattern) for name in names):
                raise UsageError(f"{where}.{key}: {unknown(key[:-1], pattern, names)}")
    if gate.drop is not None and not listed.suite.protocol.clean:
        raise UsageError(f"{where}.drop: the protocol has no clean condition to drop from")


def _fits(name: str, patterns: Sequence[str]) -> bool:
    return any(fnmatchcase(name, pattern) for pattern in patterns)
