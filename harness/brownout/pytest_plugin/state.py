"""What one process of a session knows: suites that were read, results that were computed, what items measured."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from brownout.engine.specs import CellName
from brownout.pytest_plugin.baseline import Section, Sections, differences, section_of
from brownout.pytest_plugin.computing import Results, compute
from brownout.pytest_plugin.listing import Listed, ListedSuite, list_suite
from brownout.pytest_plugin.options import Options, options_of, stored_baseline
from brownout_registry import UsageError


@dataclass
class State:
    """See the module."""

    config: pytest.Config
    suites: dict[Path, ListedSuite] = field(default_factory=dict)
    results: dict[Path, Results | UsageError] = field(default_factory=dict)
    measured: dict[str, dict[str, Any]] = field(default_factory=dict)
    needs: dict[str, tuple[Path, tuple[Listed, ...]]] = field(default_factory=dict)

    @cached_property
    def options(self) -> Options:
        """The command line's."""
        return options_of(self.config)

    @cached_property
    def session(self) -> str:
        """The same in all workers of xdist, and never again."""
        worker = getattr(self.config, "workerinput", {})
        return str(worker.get("testrunuid") or uuid4().hex)

    @cached_property
    def sections(self) -> Sections:
        """The baseline's."""
        return stored_baseline(self.options)

    def listed(self, path: Path) -> ListedSuite:
        """A suite's cells.

        Raises:
            UsageError: a mistake in the suite, or another one of the session has its name, and so its run folder.
        """
        path = path.resolve()
        if path not in self.suites:
            found = list_suite(path)
            for other in (each for each in self.suites.values() if each.suite.suite == found.suite.suite):
                raise UsageError(f"{found.suite.source}: suite: {other.suite.source} has this name too; rename one")
            self.suites[path] = found
        return self.suites[path]

    def computed(self, path: Path, items: list[pytest.Item]) -> Results:
        """The results of all cells of a suite that the selected items need.

        Raises:
            UsageError: the suite cannot be run, or must not be compared with the baseline.
        """
        if path not in self.results:
            try:
                listed = self.listed(path)
                only = frozenset(self._selected(listed, items))
                found = compute(listed.suite, only, self.options, self.session)
                self._refuse_other_baseline(listed, found)
                self.results[path] = found
            except UsageError as error:
                self.results[path] = error
        known = self.results[path]
        if isinstance(known, UsageError):
            raise known
        return known

    def baseline(self, path: Path) -> Section | None:
        """What the suite's cells are compared with."""
        if self.options.accept:
            return None
        return self.sections.get(self.listed(path).suite.suite)

    def _selected(self, listed: ListedSuite, items: list[pytest.Item]) -> Iterator[CellName]:
        """What items need, and the clean cells from which drops are counted."""
        for item in items:
            path, cells = self.needs.get(item.nodeid, (None, ()))
            for each in cells if path == listed.path else ():
                yield each.name
                if any(gate.drop is not None for _, gate in each.gates):
                    yield listed.clean[each.name[:3]].name

    def _refuse_other_baseline(self, listed: ListedSuite, results: Results) -> None:
        before = self.baseline(listed.path)
        found = list(differences(before, section_of(results.run.facts, {}, self.options.limit))) if before else []
        if found:
            raise UsageError(
                f"{self.options.baseline}: must not be compared with suite {listed.suite.suite!r}: {'; '.join(found)};"
                " --brownout-accept makes a new baseline"
            )
