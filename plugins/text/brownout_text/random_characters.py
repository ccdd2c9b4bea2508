"""Random characters in words: inserted, or in the place of letters."""

from __future__ import annotations

from collections.abc import Sequence

from brownout_registry import Modality, Perturbation, check_option
from brownout_text.characters import at_each, characters_of, edit_characters
from brownout_text.words import Select, pick

ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789!@#$%^&*()_+"
"""The 74 characters that nlpaug draws from."""


def character_insertion(
    modality: Modality,
    levels: Sequence[float],
    *,
    share: float = 0.3,
    shortest: int = 4,
    alphabet: str = ALPHABET,
    select: Select = "each",
) -> Perturbation:
    """Insert a random character before some letters of some words (nlpaug; MM-Robustness, Qiu et al. 2022).

    Letters and digits of any script are hit, punctuation and emoji are not. A hit word becomes the same at every
    severity that hits it. Words are not counted up to nlpaug's 10, nor characters.

    Args:
        modality: of kind text.
        levels: share of the words that are hit at severities 1, 2, ...
        share: of a hit word's letters, rounded up.
        shortest: letters of the shortest words that can be hit.
        alphabet: what is inserted, each character with the same chance.
        select: each word with the level's probability, or the ``count`` ceil(level n) of n words, as nlpaug does.

    Returns:
        ``perturb(texts, severity, noise)`` from B texts to B texts.

    Raises:
        UsageError: a level or option out of its range, or an alphabet with white space or of one character.

    Example:
        >>> import numpy as np
        >>> class Seeded:
        ...     def generators(self, label):
        ...         yield np.random.default_rng(4)
        >>> perturb = character_insertion(Modality("caption", "text", ()), (1.0,), alphabet="xyz")
        >>> perturb(["a small bird"], 1, Seeded())
        ['a zszmall zbizrd']
    """
    letters = _letters("character-insertion", modality, alphabet)
    edit = at_each(lambda character, u: pick(letters, u) + character)
    return edit_characters("character-insertion", modality, levels, edit, share=share, shortest=shortest, select=select)


def character_substitution(
    modality: Modality,
    levels: Sequence[float],
    *,
    share: float = 0.3,
    shortest: int = 4,
    alphabet: str = ALPHABET,
    select: Select = "each",
) -> Perturbation:
    """Put another random character in the place of some letters of some words (nlpaug; MM-Robustness).

    A letter never stands in for itself, as it can in nlpaug. For all else see `character_insertion`.

    Example:
        >>> import numpy as np
        >>> class Seeded:
        ...     def generators(self, label):
        ...         yield np.random.default_rng(4)
        >>> perturb = character_substitution(Modality("caption", "text", ()), (1.0,), alphabet="xyz")
        >>> perturb(["a small bird"], 1, Seeded())
        ['a zzall zizd']
    """
    letters = _letters("character-substitution", modality, alphabet)
    edit = at_each(lambda character, u: pick([each for each in letters if each != character], u))
    return edit_characters(
        "character-substitution", modality, levels, edit, share=share, shortest=shortest, select=select
    )


def _letters(name: str, modality: Modality, alphabet: str) -> list[str]:
    letters = list(dict.fromkeys(characters_of(alphabet)))
    fine = len(letters) > 1 and not any(map(str.isspace, alphabet))
    check_option(
        fine, f"perturbation {name!r} of {modality.name!r}", "alphabet", alphabet, "two characters or more, no space"
    )
    return letters
