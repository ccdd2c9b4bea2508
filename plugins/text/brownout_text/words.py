"""Texts as words and the white space around them, and which words are hit."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from math import ceil
from typing import Literal, TypeAlias, TypeVar

import numpy as np
from numpy.random import Generator

from brownout_registry import Modality, Noise, Perturbation, UsageError

WORD = re.compile(r"\S+")
Choice = TypeVar("Choice")
Select: TypeAlias = Literal["each", "count"]
"""``each``: every word with the level's probability; ``count``: that share of the words, rounded up."""


def split(text: str) -> tuple[list[str], list[str]]:
    r"""The n words (runs without white space, in any script) and the n + 1 gaps around them.

    Example:
        >>> split(" a  red\nbird")
        (['a', 'red', 'bird'], [' ', '  ', '\n', ''])
    """
    return WORD.findall(text), WORD.split(text)


def join(words: Iterable[str], gaps: Sequence[str]) -> str:
    """The text of these words and gaps, the inverse of `split`."""
    return gaps[0] + "".join(word + gap for word, gap in zip(words, gaps[1:], strict=True))


def hit(draws: np.ndarray, level: float, select: Select, able: Callable[[int], bool] | None = None) -> list[int]:
    """Which of n things are hit, in order: what a level hits, every higher one hits too.

    ``each`` hits what drew a number below the level, ``count`` the ceil(level n) smallest draws.

    Args:
        draws: ``[n]`` in [0, 1), the same at every level.
        level: share in [0, 1].
        select: see above.
        able: whether the thing at a place can be hit at all; everything can if left out.

    Example:
        >>> draws = np.array([0.8, 0.1, 0.3, 0.6])
        >>> hit(draws, 0.4, "each"), hit(draws, 0.1, "count"), hit(draws, 0.7, "count", lambda place: place != 1)
        ([1, 2], [1], [0, 2, 3])
    """
    places = np.flatnonzero(draws < level) if select == "each" else np.argsort(draws, kind="stable")
    chosen = [place for place in places.tolist() if able is None or able(place)]
    return chosen if select == "each" else sorted(chosen[: rounded_up(level * len(draws))])


def rounded_up(count: float) -> int:
    """The next whole number, where what rounding leaves of a product counts for nothing.

    Example:
        >>> rounded_up(0.07 * 100), rounded_up(2.1), rounded_up(0.0)
        (7, 3, 0)
    """
    return ceil(count - 1e-9)


def pick(choices: Sequence[Choice], u: float) -> Choice:
    """One of the choices, all with the same chance, by a draw from [0, 1)."""
    return choices[int(u * len(choices))]


def by_text(
    change: Callable[[str, float, Generator], str], levels: Sequence[float], label: str = "words"
) -> Perturbation:
    """A perturbation from ``change(text, level, generator)``, which takes the same draws at every level."""

    def perturb(inputs: list[str], severity: int, noise: Noise) -> list[str]:
        generators = noise.generators(label)
        return [change(text, levels[severity - 1], each) for text, each in zip(inputs, generators, strict=True)]

    return perturb


def check_levels(name: str, modality: Modality, levels: Sequence[float]) -> str:
    """Refuse a level that is no share; returns how messages about the perturbation begin.

    Raises:
        UsageError: names the level.
    """
    where = f"perturbation {name!r} of {modality.name!r}"
    for index, level in enumerate(levels):
        if isinstance(level, bool) or not isinstance(level, int | float) or not 0 <= level <= 1:
            raise UsageError(f"{where}: levels[{index}] is {level!r}, expected a number from 0 to 1")
    return where
