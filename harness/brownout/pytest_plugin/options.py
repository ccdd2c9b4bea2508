"""The command line's options, read once."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

import pytest

from brownout.pytest_plugin.baseline import Sections, read_baseline
from brownout_registry import UsageError


@dataclass(frozen=True)
class Options:
    """What ``--brownout-...`` said; paths are relative to where pytest was started.

    Attributes:
        runs: folder of the run folders.
        baseline: file of the baseline.
        accept: write the baseline instead of comparing with it.
        tolerance: a loss that passes, in the metric's unit.
        missing: what becomes of cells that the baseline does not have: ``pass`` or ``fail``.
        limit: only the first so many test samples.
        json: file for results.
        html: file for the report.
    """

    runs: Path
    baseline: Path | None
    accept: bool
    tolerance: float
    missing: str
    limit: int | None
    json: Path | None
    html: Path | None


def options_of(config: pytest.Config) -> Options:
    """The options of this session."""

    def path(name: str) -> Path | None:
        given = config.getoption(f"brownout_{name}")
        return config.invocation_params.dir / given if given else None

    plain = {name: config.getoption(f"brownout_{name}") for name in ("accept", "tolerance", "missing", "limit")}
    runs = config.invocation_params.dir / config.getoption("brownout_runs")
    return Options(runs=runs, baseline=path("baseline"), json=path("json"), html=path("html"), **plain)


def refuse_mistakes(config: pytest.Config) -> None:
    """End the session with one line if options do not go together or the baseline cannot be read."""
    options = options_of(config)
    if options.accept and not options.baseline:
        raise pytest.UsageError("--brownout-accept: say with --brownout-baseline FILE where to")
    if options.limit is not None and options.limit < 1:
        raise pytest.UsageError(f"--brownout-limit is {options.limit}, expected 1 or more")
    try:
        stored_baseline(options)
    except UsageError as error:
        raise pytest.UsageError(str(error)) from None


def stored_baseline(options: Options) -> Sections:
    """The baseline's sections by suite; none without a baseline, or where one is made for the first time.

    Raises:
        UsageError: it is not there, or is none.
    """
    if not options.baseline or (options.accept and not options.baseline.exists()):
        return {}
    return read_baseline(options.baseline)


def environment(name: str, default: str) -> str:
    """A setting that `brownout run` takes from the same variable of the environment."""
    return os.environ.get(f"BROWNOUT_{name}") or default
