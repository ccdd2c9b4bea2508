"""Checks of what a suite's ``levels:`` may hold."""

from __future__ import annotations

from collections.abc import Sequence
from math import inf

from brownout_registry import Modality, UsageError, check_number

LARGEST = 1e6
"""Of what is no share and no count: a million units are noise alone, and far from what float32 holds."""
FLOAT32 = 2.0**127
"""A magnitude that float32 holds."""


def check_levels(perturbation: str, modality: Modality, levels: Sequence[float], largest: float = LARGEST) -> None:
    """Refuse a level that is no number in [0, ``largest``].

    Example:
        >>> check_levels("salt-and-pepper", Modality("sound", "vector", (3,)), (0.1, 1.2), largest=1)
        Traceback (most recent call last):
        ...
        brownout_registry.errors.UsageError: perturbation 'salt-and-pepper' of 'sound': levels[1] is 1.2, expected a
        number from 0 to 1

    Raises:
        UsageError: names the level.
    """
    for index, level in enumerate(levels):
        if isinstance(level, bool) or not isinstance(level, int | float) or not 0 <= level <= largest or level == inf:
            expected = "a finite number, 0 or more" if largest == inf else f"a number from 0 to {largest:g}"
            where = f"perturbation {perturbation!r} of {modality.name!r}"
            raise UsageError(f"{where}: levels[{index}] is {level!r}, expected {expected}")


def check_fill(where: str, fill: object) -> None:
    """Refuse what cannot stand for lost entries.

    Example:
        >>> check_fill("perturbation 'missing-entries' of 'sound'", float("nan"))
        Traceback (most recent call last):
        ...
        brownout_registry.errors.UsageError: perturbation 'missing-entries' of 'sound', option 'fill' is nan, expected
        a finite number of 32 bits

    Raises:
        UsageError: a fill that is no number, not finite, or above what float32 holds.
    """
    check_number(where, "fill", fill, "a finite number of 32 bits", -FLOAT32, FLOAT32)


def check_kind(perturbation: str, modality: Modality, kinds: Sequence[str]) -> None:
    """Refuse a modality, or a representation, of a kind without steps or columns.

    Example:
        >>> check_kind("drift", Modality("photo", "image", (3, 8, 8)), ("vector", "sequence"))
        Traceback (most recent call last):
        ...
        brownout_registry.errors.UsageError: perturbation 'drift' of 'photo': it takes vector or sequence, not image

    Raises:
        UsageError: names the kinds.
    """
    if modality.kind not in kinds:
        where = f"perturbation {perturbation!r} of {modality.name!r}"
        raise UsageError(f"{where}: it takes {' or '.join(kinds)}, not {modality.kind}")
