"""Brownout: a plugin-based evaluation harness for robust multimodal learning.

Example:
    >>> import brownout
    >>> run = brownout.run("configs/quickstart.yaml")  # doctest: +SKIP
    >>> brownout.load_run("runs/quickstart").facts["counts"]  # doctest: +SKIP
    {'cells': 936, 'finished': 936, 'failed': 0}
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from brownout.engine.settings import Settings
    from brownout.results import Run

__all__ = ["load_run", "run"]


def run(suite: str | Path | Mapping[str, Any], settings: Settings | None = None) -> Run:
    """Run a suite, given as a file or as its content, and read the results.

    Args:
        suite: path of a YAML file, or what it would hold.
        settings: where and how it is computed.

    Raises:
        UsageError: a mistake in the suite, the data or the run folder.
    """
    from brownout.engine.coordinate import run_suite  # noqa: PLC0415  imports torch
    from brownout.engine.settings import Settings  # noqa: PLC0415
    from brownout.suite import load_suite, parse_suite  # noqa: PLC0415

    checked = parse_suite(dict(suite)) if isinstance(suite, Mapping) else load_suite(Path(suite))
    return run_suite(checked, settings or Settings())


def load_run(folder: str | Path) -> Run:
    """Read the results of a run folder.

    Raises:
        UsageError: there is no run in it.
    """
    from brownout.results import load_run as load  # noqa: PLC0415  keeps this import light

    return load(folder)
