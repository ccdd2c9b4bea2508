"""From a suite's levels to the constants of a corruption."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

from brownout_registry import Modality, UsageError
from brownout_vision.corruptions.constants import CIFAR, GIVEN, IMAGENET, SEVERITIES

Profile = Literal["auto", "imagenet", "cifar"]
ParameterProfile = Literal["auto", "imagenet", "cifar", "given"]
SMALL = 48


def constants(name: str, modality: Modality, levels: Sequence[float], profile: str) -> list[Any]:
    """The constants of each level.

    Args:
        name: of the corruption.
        modality: its size decides under ``auto``: CIFAR-C where the shorter side is below 48 pixels.
        levels: severities of the profile (1 to 5); under ``given`` the parameter itself, which the five severities in a
            row are taken not to be: they are what a card has where nobody gives levels.
        profile: ``imagenet``, ``cifar``, ``auto`` or ``given``.

    Example:
        >>> photo = Modality("photo", "image", (3, 224, 224))
        >>> constants("contrast", photo, (1, 5), "auto"), constants("contrast", photo, (0.9,), "given")
        ([0.4, 0.05], [0.9])

    Raises:
        UsageError: a level or a profile that this corruption does not know, or ``given`` without levels.
    """
    where = f"perturbation {name!r} of {modality.name!r}"
    if profile == "given":
        return _given(where, name, levels)
    if profile == "auto":
        profile = "cifar" if min(modality.shape[1:]) < SMALL else "imagenet"
    tables = {"imagenet": IMAGENET, "cifar": CIFAR}
    if profile not in tables:
        raise UsageError(f"{where}: profile is {profile!r}, expected 'auto', 'imagenet' or 'cifar'")
    for index, level in enumerate(levels):
        if isinstance(level, bool) or level not in SEVERITIES:
            expected = f"a severity of the profile {profile!r}: a whole number from 1 to 5"
            raise UsageError(f"{where}: levels[{index}] is {level!r}, expected {expected}")
    return [tables[profile][name][int(level) - 1] for level in levels]


def _given(where: str, name: str, levels: Sequence[float]) -> list[Any]:
    if name not in GIVEN:
        raise UsageError(f"{where}: profile is 'given', but it has several constants: use 'imagenet' or 'cifar'")
    if tuple(levels) == SEVERITIES:
        raise UsageError(f"{where}: profile is 'given', so 'levels' must be given: they are the parameter itself")
    low, high = GIVEN[name]
    whole = name == "jpeg-compression"
    for index, level in enumerate(levels):
        numeric = isinstance(level, int | float) and not isinstance(level, bool)
        if not numeric or not low <= level <= high or (whole and level != int(level)):
            kind = "whole number" if whole else "number"
            raise UsageError(f"{where}: levels[{index}] is {level!r}, expected a {kind} from {low:g} to {high:g}")
    return list(levels)
