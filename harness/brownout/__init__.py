"""Brownout: a plugin-based evaluation harness for robust multimodal learning.

Example:
    >>> import brownout
    >>> run = brownout.run("configs/quickstart.yaml")  # doctest: +SKIP
    >>> print(run.table())  # doctest: +SKIP
    >>> brownout.load_run("runs/quickstart").facts["counts"]  # doctest: +SKIP
    {'cells': 936, 'finished': 936, 'failed': 0}
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from brownout.engine.settings import Settings
    from brownout.guests import Guest
    from brownout.results import Run

__all__ = ["Settings", "fusion", "load_run", "run"]


def __getattr__(name: str) -> Any:
    """``Settings``, when it is asked for: it imports torch."""
    if name != "Settings":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from brownout.engine.settings import Settings  # noqa: PLC0415

    return Settings


def run(
    suite: str | Path | Mapping[str, Any], settings: Settings | None = None, *, fusions: Mapping[str, Any] | None = None
) -> Run:
    """Run a suite, given as a file or as its content, and read the results.

    Args:
        suite: path of a YAML file, or what it would hold.
        settings: where and how it is computed, e.g. ``brownout.Settings(out="runs/mine", limit=100)``.
        fusions: by the names that methods of the suite call them, fusions that no plugin registers: a class, a
            factory, or what `fusion` gives; with the executor ``serial`` only, and computed anew in each run.

    Raises:
        UsageError: a mistake in the suite, the data, the run folder or the fusions.
    """
    from brownout.engine.coordinate import run_suite  # noqa: PLC0415  imports torch
    from brownout.engine.settings import Settings  # noqa: PLC0415
    from brownout.guests import check_used, registered  # noqa: PLC0415
    from brownout.suite import load_suite, parse_suite  # noqa: PLC0415

    settings, fusions = settings or Settings(), fusions or {}
    checked = parse_suite(dict(suite)) if isinstance(suite, Mapping) else load_suite(Path(suite))
    check_used(fusions, checked)
    with registered(fusions, settings.executor):
        return run_suite(checked, settings)


def fusion(
    content: Any,
    *,
    level: Literal["decision", "representation", "input"] | None = None,
    trained: bool | None = None,
    missing: Literal["skip", "zero", "token"] = "skip",
    takes: tuple[str, ...] = ("vector", "map", "sequence"),
) -> Guest:
    """Say of a fusion that no plugin registers what its card would say, for ``run(suite, fusions={...})``.

    Args:
        content: a class or factory with the signature of its level (see `brownout_registry.Fusion`), or a module,
            of which each fit gets a copy.
        level: where it fuses; if not given, its attribute ``level``, or what the name of the factory's second
            parameter says: ``heads``, ``representations`` or ``modalities``.
        trained: whether it is fitted; if not given, unless it fuses decisions.
        missing: how it treats an absent modality.
        takes: representation kinds that it accepts.

    Raises:
        UsageError: it cannot be called, or its level cannot be told.
    """
    from brownout.guests import guest  # noqa: PLC0415  imports torch

    return guest(content, level, trained, missing, takes)


def load_run(folder: str | Path) -> Run:
    """Read the results of a run folder.

    Raises:
        UsageError: there is no run in it.
    """
    from brownout.results import load_run as load  # noqa: PLC0415  keeps this import light

    return load(folder)
