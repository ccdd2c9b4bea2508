"""Letters of words deleted or swapped."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from brownout_registry import Modality, Perturbation
from brownout_text.characters import edit_characters
from brownout_text.words import Select


def character_deletion(
    modality: Modality,
    levels: Sequence[float],
    *,
    share: float = 0.3,
    shortest: int = 4,
    select: Select = "each",
) -> Perturbation:
    """Delete some letters of some words (nlpaug; MM-Robustness); at least one character of a word stays.

    For all else see `brownout_text.random_characters.character_insertion`.

    Example:
        >>> import numpy as np
        >>> class Seeded:
        ...     def generators(self, label):
        ...         yield np.random.default_rng(4)
        >>> character_deletion(Modality("caption", "text", ()), (1.0,))(["a small bird"], 1, Seeded())
        ['a all id']
    """
    return edit_characters(
        "character-deletion", modality, levels, _delete, share=share, shortest=shortest, select=select
    )


def character_swap(
    modality: Modality,
    levels: Sequence[float],
    *,
    share: float = 0.3,
    shortest: int = 4,
    select: Select = "each",
) -> Perturbation:
    """Exchange some letters of some words with a neighbour (nlpaug; MM-Robustness).

    The neighbour is the left or the right one with the same chance; capitals stay where they were. Each letter
    takes part in one exchange at most and equal letters are left alone, so no exchange undoes another, as it can
    in nlpaug. For all else see `brownout_text.random_characters.character_insertion`.

    Example:
        >>> import numpy as np
        >>> class Seeded:
        ...     def generators(self, label):
        ...         yield np.random.default_rng(4)
        >>> character_swap(Modality("caption", "text", ()), (1.0,))(["A Small bird"], 1, Seeded())
        ['A Samll ibdr']
    """
    return edit_characters("character-swap", modality, levels, _swap, share=share, shortest=shortest, select=select)


def _delete(characters: list[str], places: list[int], count: int, choices: np.ndarray) -> list[str]:
    gone = set(places[: min(count, len(characters) - 1)])
    return [each for place, each in enumerate(characters) if place not in gone]


def _swap(characters: list[str], places: list[int], count: int, choices: np.ndarray) -> list[str]:
    free = set(places)
    for place in places:
        sides = (place - 1, place + 1) if choices[place] < 0.5 else (place + 1, place - 1)
        for other in sides:
            if count and {place, other} <= free and _exchanged(characters, place, other):
                free -= {place, other}
                count -= 1
    return characters


def _exchanged(characters: list[str], one: int, other: int) -> bool:
    """Exchange two characters, but not their cases; whether that changed anything."""
    before = characters[one], characters[other]
    characters[one], characters[other] = _cased(before[1], before[0]), _cased(before[0], before[1])
    return before != (characters[one], characters[other])


def _cased(character: str, like: str) -> str:
    """The character in the case of another, where that takes no more code points."""
    cased = character.upper() if like.isupper() else character.lower() if like.islower() else character
    return cased if len(cased) == len(character) else character
