"""Words replaced by synonyms, or synonyms inserted."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from numpy.random import Generator

from brownout_registry import Modality, Perturbation
from brownout_text.thesaurus import read, synonym, synonyms_of
from brownout_text.words import Select, by_text, check_levels, hit, join, pick, split


def synonym_replacement(
    modality: Modality, levels: Sequence[float], *, words: str | None = None, select: Select = "each"
) -> Perturbation:
    """Replace words by synonyms (EDA, Wei & Zou 2019; MM-Robustness, Qiu et al. 2022).

    Words that the list does not know stay, and so do the white space, the punctuation around a word and its
    capitals. The shipped list is English and small; EDA takes WordNet's. A hit word becomes the same at every
    severity that hits it.

    Args:
        modality: of kind text.
        levels: share of the known words that are replaced at severities 1, 2, ...; EDA's alpha.
        words: a list of your own, see `brownout_text.thesaurus.read`; None for the shipped one.
        select: each known word with the level's probability, or the ``count`` ceil(level n) for n words, known or
            not, as far as known ones reach (EDA).

    Returns:
        ``perturb(texts, severity, noise)`` from B texts to B texts.

    Raises:
        UsageError: a level outside [0, 1], or a list that is not there or not readable.

    Example:
        >>> import numpy as np
        >>> class Seeded:
        ...     def generators(self, label):
        ...         yield np.random.default_rng(1)
        >>> perturb = synonym_replacement(Modality("caption", "text", ()), (1.0,))
        >>> perturb(["A SMALL  dog, Quickly chasing zyx."], 1, Seeded())
        ['A LITTLE  hound, Rapidly pursuing zyx.']
    """
    where = check_levels("synonym-replacement", modality, levels)
    known = read(words, where)

    def change(text: str, level: float, generator: Generator) -> str:
        each, gaps = split(text)
        draws = generator.random((len(each), 2))
        stand_ins = [synonym(word, u, known) for word, u in zip(each, draws[:, 1], strict=True)]
        for place in hit(draws[:, 0], level, select, lambda place: stand_ins[place] is not None):
            each[place] = stand_ins[place] or each[place]
        return join(each, gaps)

    return by_text(change, levels)


def word_insertion(
    modality: Modality,
    levels: Sequence[float],
    *,
    insert: Literal["synonym", "copy"] = "synonym",
    words: str | None = None,
    select: Select = "each",
) -> Perturbation:
    """Insert synonyms of the text's words at random places (EDA, Wei & Zou 2019; MM-Robustness, Qiu et al. 2022).

    For each of its n words a text of which the list knows a word gets, with probability p, a synonym of one of the
    known words, anywhere. With ``copy`` it gets one of its own words once more, in any language. A word inserted at
    one severity is there at the next.

    Args:
        modality: of kind text.
        levels: number of inserted words at severities 1, 2, ..., as a share of the text's words; EDA's alpha.
        insert: a ``synonym`` of a word, without its punctuation, or a ``copy`` of it.
        words: a list of your own, see `brownout_text.thesaurus.read`; None for the shipped one.
        select: one word for each with the level's probability, or the ``count`` ceil(level n) for n words.

    Returns:
        ``perturb(texts, severity, noise)`` from B texts to B texts.

    Raises:
        UsageError: a level outside [0, 1], or a list that is not there or not readable.

    Example:
        >>> import numpy as np
        >>> class Seeded:
        ...     def generators(self, label):
        ...         yield np.random.default_rng(1)
        >>> perturb = word_insertion(Modality("caption", "text", ()), (0.5, 1.0))
        >>> perturb(["a small  dog"], 1, Seeded()), perturb(["a small  dog"], 2, Seeded())
        (['a little small  dog'], ['a little small  little dog hound'])
    """
    where = check_levels("word-insertion", modality, levels)
    known = read(words, where)

    def change(text: str, level: float, generator: Generator) -> str:
        each, gaps = split(text)
        draws = generator.random((len(each), 4))
        sources = [[word] if insert == "copy" else synonyms_of(word, known) for word in each]
        sources = [choices for choices in sources if choices]
        if not sources:
            return text
        for _, source, choice, place in draws[hit(draws[:, 0], level, select)]:
            _insert(each, pick(pick(sources, source), choice), int(place * (len(each) + 1)))
        return join(each, gaps)

    return by_text(change, levels)


def _insert(words: list[str], new: str, place: int) -> None:
    """Put a word before the word at ``place``, or behind the last one."""
    if place < len(words):
        words[place] = f"{new} {words[place]}"
    else:
        words[-1] = f"{words[-1]} {new}"
