"""Checks of what a suite's ``levels:`` may hold."""

from __future__ import annotations

from collections.abc import Sequence
from math import isfinite

from brownout_registry import Modality, UsageError

DECIBELS = (-100.0, 200.0)


def check_levels(
    perturbation: str, modality: Modality, levels: Sequence[float], low: float, high: float, above: bool = False
) -> None:
    """Refuse a level that is no number in [``low``, ``high``], or in (``low``, ``high``] if ``above``.

    Example:
        >>> check_levels("clipping", Modality("voice", "audio", (9,)), (0.5, 1.2), 0, 1)
        Traceback (most recent call last):
        ...
        brownout_registry.errors.UsageError: perturbation 'clipping' of 'voice': levels[1] is 1.2, expected a number
        from 0 to 1

    Raises:
        UsageError: names the level.
    """
    for index, level in enumerate(levels):
        numeric = isinstance(level, int | float) and not isinstance(level, bool) and isfinite(level)
        if not (numeric and low <= level <= high and not (above and level == low)):
            expected = f"a number {'above' if above else 'from'} {low:g}{'' if above else f' to {high:g}'}"
            raise UsageError(f"{where(perturbation, modality)}: levels[{index}] is {level!r}, expected {expected}")


def where(perturbation: str, modality: Modality) -> str:
    """How a message begins."""
    return f"perturbation {perturbation!r} of {modality.name!r}"
