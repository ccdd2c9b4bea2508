"""Gathers what items measured, here or in xdist's workers, and hands it to the outputs when the session ends."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import pytest


@dataclass(eq=False)
class Gatherer:
    """The reports of items that measured something, by node id."""

    config: pytest.Config
    found: dict[str, dict[str, Any]] = field(default_factory=dict)

    @pytest.hookimpl
    def pytest_runtest_logreport(self, report: Any) -> None:
        """Keep what a report carries, with the item's outcome."""
        measured = getattr(report, "brownout", None)
        if measured and (report.when == "call" or report.outcome != "passed"):
            expected = hasattr(report, "wasxfail")
            outcome = {"skipped": "xfailed", "passed": "xpassed"}[report.outcome] if expected else report.outcome
            self.found[report.nodeid] = {**measured, "outcome": outcome}

    @pytest.hookimpl
    def pytest_sessionfinish(self) -> None:
        """Write the files that were asked for; under xdist the workers leave that to the controller."""
        if self.found and not hasattr(self.config, "workerinput"):
            from brownout.pytest_plugin.outputs import write_outputs

            write_outputs(self.config, self.found)

    @pytest.hookimpl
    def pytest_terminal_summary(self, terminalreporter: Any) -> None:
        """Print the table of each suite."""
        if self.found:
            from brownout.pytest_plugin.summary import print_summary

            print_summary(terminalreporter, self.found)
