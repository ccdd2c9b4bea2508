"""Which characters of which words are hit."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeAlias

import numpy as np
import regex  # type: ignore[import-untyped]
from numpy.random import Generator

from brownout_registry import Modality, Perturbation, check_option
from brownout_text.words import Select, by_text, check_levels, hit, join, rounded_up, split

Edit: TypeAlias = Callable[[list[str], list[int], int, np.ndarray], list[str]]
"""``edit(characters, places, count, choices)`` changes ``count`` characters of a word.

``places`` are those that can be hit, the first to be hit first; ``choices`` is one draw from [0, 1) for each character.
"""


def characters_of(word: str) -> list[str]:
    """The characters that a reader sees: extended grapheme clusters (Unicode annex 29).

    Example:
        >>> len("nai\u0308ve"), characters_of("nai\u0308ve") == ["n", "a", "i\u0308", "v", "e"]
        (6, True)
    """
    return list(word) if word.isascii() else regex.findall(r"\X", word)


def is_letter(character: str) -> bool:
    """Whether it is a letter or digit of any script, with its accents; not punctuation, not an emoji."""
    return character[0].isalnum()


def at_each(replace: Callable[[str, float], str]) -> Edit:
    """An edit that changes characters one by one: ``replace(character, draw)`` gives what takes its place."""

    def edit(characters: list[str], places: list[int], count: int, choices: np.ndarray) -> list[str]:
        for place in places[:count]:
            characters[place] = replace(characters[place], choices[place])
        return characters

    return edit


def edit_characters(
    name: str,
    modality: Modality,
    levels: Sequence[float],
    edit: Edit,
    *,
    able: Callable[[str], bool] = is_letter,
    share: float,
    shortest: int,
    least: int = 1,
    select: Select,
) -> Perturbation:
    """Hit a share of the words, and in each of them ceil(share m) of its m letters and digits.

    Words and characters have draws of their own, the same at every severity: a word that is hit becomes the same
    at every severity that hits it.

    Args:
        name: of the perturbation, for messages.
        modality: of kind text.
        levels: share of the words that are hit at severities 1, 2, ...
        edit: what happens to a word's characters.
        able: which characters can be hit.
        share: of a hit word's letters and digits.
        shortest: letters and digits of the shortest words that can be hit.
        least: characters hit in a word that has as many.
        select: which words, see `brownout_text.words.hit`.

    Raises:
        UsageError: a level or an option out of its range.
    """
    where = check_levels(name, modality, levels)
    check_option(0 < share <= 1, where, "share", share, "a share in (0, 1]")
    check_option(shortest >= 1, where, "shortest", shortest, "a number of characters from 1")
    check_option(least >= 1, where, "least", least, "a number of characters from 1")

    def can_be_hit(word: str) -> bool:
        characters = characters_of(word)
        return sum(map(is_letter, characters)) >= shortest and any(map(able, characters))

    def changed(word: str, draws: np.ndarray) -> str:
        characters = characters_of(word)
        count = max(least, rounded_up(share * sum(map(is_letter, characters))))
        places = sorted((i for i, each in enumerate(characters) if able(each)), key=draws[:, 0].__getitem__)
        return "".join(edit(characters, places, count, draws[:, 1]))

    def change(text: str, level: float, generator: Generator) -> str:
        words, gaps = split(text)
        chances, draws = generator.random(len(words)), generator.random((len(text), 2))
        ends = np.cumsum([len(word) for word in words])
        for place in hit(chances, level, select, lambda place: can_be_hit(words[place])):
            words[place] = changed(words[place], draws[ends[place] - len(words[place]) : ends[place]])
        return join(words, gaps)

    return by_text(change, levels)
