"""What the perturbations refuse."""

from __future__ import annotations

from collections.abc import Sequence
from math import inf, isfinite

from brownout_registry import Modality, UsageError


def check_levels(where: str, levels: Sequence[float], largest: float = inf) -> None:
    """Refuse an eps that is no number in [0, ``largest``].

    Example:
        >>> check_levels("perturbation 'qmf-blank-words' of 'caption'", (5, 20), largest=10)
        Traceback (most recent call last):
        ...
        brownout_registry.errors.UsageError: perturbation 'qmf-blank-words' of 'caption': levels[1] is 20, expected an
        eps from 0 to 10

    Raises:
        UsageError: names the level.
    """
    for index, level in enumerate(levels):
        numeric = isinstance(level, int | float) and not isinstance(level, bool) and isfinite(level)
        if not (numeric and 0 <= level <= largest):
            expected = "a finite eps, 0 or more" if largest == inf else f"an eps from 0 to {largest:g}"
            raise UsageError(f"{where}: levels[{index}] is {level!r}, expected {expected}")


def range_of(where: str, modality: Modality) -> tuple[float, float]:
    """The declared range.

    Example:
        >>> range_of("perturbation 'p' of 'photo'", Modality("photo", "image", (3, 8, 8), range=(0.0, 1.0)))
        (0.0, 1.0)

    Raises:
        UsageError: there is none.
    """
    if modality.range is None:
        raise UsageError(f"{where}: the modality declares no range, so nobody knows what black and white are")
    return modality.range
