"""Words deleted or swapped."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import numpy as np
from numpy.random import Generator

from brownout_registry import Modality, Perturbation
from brownout_text.words import Select, by_text, check_levels, hit, join, split


def word_deletion(modality: Modality, levels: Sequence[float], *, select: Select = "each") -> Perturbation:
    """Delete each word with probability p (EDA, Wei & Zou 2019; MM-Robustness, Qiu et al. 2022).

    A word goes with the white space before it, and the first word that stays takes the place of the first one.
    One word always stays (EDA), the one whose draw is largest; what is deleted stays so at the next severity.

    Args:
        modality: of kind text.
        levels: share of the words that are deleted at severities 1, 2, ...; EDA's alpha.
        select: each word with the level's probability (EDA), or the ``count`` ceil(level n) of n words (nlpaug).

    Returns:
        ``perturb(texts, severity, noise)`` from B texts to B texts.

    Raises:
        UsageError: a level outside [0, 1].

    Example:
        >>> import numpy as np
        >>> class Seeded:
        ...     def generators(self, label):
        ...         yield np.random.default_rng(1)
        >>> perturb = word_deletion(Modality("caption", "text", ()), (0.2, 0.6, 1.0))
        >>> [perturb(["a small  red bird"], severity, Seeded())[0] for severity in (1, 2, 3)]
        ['a small bird', 'small bird', 'small']
    """
    check_levels("word-deletion", modality, levels)

    def change(text: str, level: float, generator: Generator) -> str:
        words, gaps = split(text)
        if not words:
            return text
        draws = generator.random(len(words))
        last = int(np.argmax(draws))
        gone = set(hit(draws, level, select, lambda place: place != last))
        kept = [place for place in range(len(words)) if place not in gone]
        return join([words[each] for each in kept], [gaps[0], *(gaps[each] for each in kept[1:]), gaps[-1]])

    return by_text(change, levels)


def word_swap(
    modality: Modality,
    levels: Sequence[float],
    *,
    reach: Literal["anywhere", "neighbours"] = "anywhere",
    select: Select = "each",
) -> Perturbation:
    """Exchange words (EDA, Wei & Zou 2019; MM-Robustness, Qiu et al. 2022); white space stays.

    The words of a text are paired at random, and a pair is exchanged with probability p. A word is in one pair at
    most, so no exchange undoes another, as it can where exchanges follow each other; of an odd number one word is
    in none. A pair exchanged at one severity is so at the next.

    Args:
        modality: of kind text.
        levels: share of the words that are exchanged at severities 1, 2, ...; EDA exchanges alpha n pairs of n words.
        reach: pairs are made of words ``anywhere`` (EDA) or of ``neighbours`` (nlpaug).
        select: each pair with the level's probability, or the ``count`` ceil(level m) of m pairs.

    Returns:
        ``perturb(texts, severity, noise)`` from B texts to B texts.

    Raises:
        UsageError: a level outside [0, 1].

    Example:
        >>> import numpy as np
        >>> class Seeded:
        ...     def generators(self, label):
        ...         yield np.random.default_rng(1)
        >>> perturb = word_swap(Modality("caption", "text", ()), (0.4, 1.0))
        >>> perturb(["a small  red bird"], 1, Seeded()), perturb(["a small  red bird"], 2, Seeded())
        (['red small  a bird'], ['red bird  a small'])
    """
    check_levels("word-swap", modality, levels)

    def change(text: str, level: float, generator: Generator) -> str:
        words, gaps = split(text)
        keys, chances = generator.random(len(words)), generator.random(len(words) // 2)
        pairs = _anywhere(keys) if reach == "anywhere" else _neighbours(keys)
        for pair in hit(chances[: len(pairs)], level, select):
            one, other = pairs[pair]
            words[one], words[other] = words[other], words[one]
        return join(words, gaps)

    return by_text(change, levels)


def _anywhere(keys: np.ndarray) -> list[tuple[int, int]]:
    order = np.argsort(keys, kind="stable").tolist()
    return list(zip(order[::2], order[1::2], strict=False))


def _neighbours(keys: np.ndarray) -> list[tuple[int, int]]:
    """Pairs from the first word on, or as often from the second one on where there are more than two words."""
    start = int(len(keys) > 2 and keys[0] < 0.5)
    return [(place, place + 1) for place in range(start, len(keys) - 1, 2)]
