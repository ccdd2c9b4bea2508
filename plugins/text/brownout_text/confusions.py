"""Which characters a finger or a scanner takes for each other."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Literal, TypeAlias

KEYS = ("`1234567890-=", "qwertyuiop[]\\", "asdfghjkl;'", "zxcvbnm,./")
SHIFTED = ("~!@#$%^&*()_+", "QWERTYUIOP{}|", 'ASDFGHJKL:"', "ZXCVBNM<>?")
INDENT = (0.0, 1.5, 1.75, 2.25)
"""Where each row of a QWERTY keyboard begins, in keys."""
Place: TypeAlias = tuple[int, float]
"""Row and distance from the left, in keys."""

MISTAKEN = {
    "0": "89oOD",
    "1": "47lI",
    "2": "zZ",
    "5": "8",
    "6": "b",
    "8": "sS@&",
    "9": "gq",
    "o": "u",
    "r": "k",
    "C": "G",
    "O": "DU",
    "E": "B",
}
"""Pairs that optical character recognition takes for each other, as in nlpaug."""


def neighbours(shift: Literal["either", "same"]) -> Mapping[str, str]:
    """For each letter and digit, what the keys that touch its key give.

    Args:
        shift: whether the neighbour is typed with the ``same`` shift key, or both of its characters are meant.

    Example:
        >>> neighbours("same")["g"], neighbours("same")["G"], neighbours("either")["q"]
        ('tyfhvb', 'TYFHVB', '12wa!@WA')
    """
    places = [(row, indent + x) for row, indent in enumerate(INDENT) for x in range(len(KEYS[row]))]
    levels = [dict(zip(places, "".join(rows), strict=True)) for rows in (KEYS, SHIFTED)]
    return {
        key: "".join(
            other[place] for other in (levels if shift == "either" else [mine]) for place in _touching(here, mine)
        )
        for mine in levels
        for here, key in mine.items()
        if key.isalnum()
    }


def _touching(key: Place, keys: Iterable[Place]) -> list[Place]:
    row, x = key
    return [(y, z) for y, z in keys if (y == row and abs(z - x) == 1) or (abs(y - row) == 1 and abs(z - x) < 1)]


def mistaken() -> Mapping[str, str]:
    """For each character, what optical character recognition may take it for.

    Example:
        >>> mistaken()["8"], mistaken()["O"]
        ('sS@&05', 'DU0')
    """
    table = dict(MISTAKEN)
    for one, others in MISTAKEN.items():
        for other in others:
            table[other] = table.get(other, "") + one
    return table
