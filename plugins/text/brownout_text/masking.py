"""Word masking and blanking."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from numpy.random import Generator

from brownout_registry import Modality, Perturbation, UsageError
from brownout_text.characters import characters_of, is_letter
from brownout_text.words import Select, by_text, check_levels, hit, join, split


def word_masking(modality: Modality, levels: Sequence[float], *, mask: str = "_") -> Perturbation:
    """Replace each word by a mask with probability p, independently (Zhang et al. 2023; Chen et al. 2023).

    A word is a run without white space, in any script; white space stays as it is. Every word has one
    uniform draw, the same at every severity, and is masked where the draw lies below p, so a masked word
    stays masked at the next severity.

    Args:
        modality: of kind text.
        levels: probabilities of severities 1, 2, ... (QMF blanks with eps/10 at eps 5 and 10: .5 and 1;
            RAML masks with .05, .1, .15, .2, .25).
        mask: what takes a word's place: ``_`` (QMF's released code), a tokeniser's ``[MASK]``, or nothing.

    Returns:
        ``perturb(texts, severity, noise)`` from B texts to B texts.

    Raises:
        UsageError: a probability outside [0, 1], or a mask that is no text.

    Example:
        >>> import numpy as np
        >>> class Seeded:
        ...     def generators(self, label):
        ...         yield np.random.default_rng(1)
        >>> perturb = word_masking(Modality("caption", "text", ()), (0.2, 0.6))
        >>> perturb(["a small  red bird"], 1, Seeded()), perturb(["a small  red bird"], 2, Seeded())
        (['a small  _ bird'], ['_ small  _ bird'])
    """
    where = check_levels("word-masking", modality, levels)
    if not isinstance(mask, str):
        raise UsageError(f"{where}: mask is {mask!r}, expected text ('' for none)")

    def change(text: str, level: float, generator: Generator) -> str:
        words, gaps = split(text)
        for place in hit(generator.random(len(words)), level, "each"):
            words[place] = mask
        return join(words, gaps)

    return by_text(change, levels, label="mask")


def word_blanking(
    modality: Modality,
    levels: Sequence[float],
    *,
    replacement: str = "_",
    per: Literal["word", "character"] = "word",
    select: Select = "each",
) -> Perturbation:
    """Blank out words: as a whole (Chen et al. 2023, section IV-B; Zhang et al. 2023), or letter by letter.

    RAML masks words with probability .05 to .25 and says neither what takes their place nor what a word is; QMF's
    released code puts ``_`` for each word. Here a word is a run without white space, and white space stays. Letter
    by letter the length and the punctuation of a word stay too. What is blank stays blank at the next severity.

    Args:
        modality: of kind text.
        levels: share of the words that are blanked at severities 1, 2, ...
        replacement: of a ``word`` or of each ``character`` (letter or digit): ``_``, ``[MASK]``, nothing ...
        per: what one replacement stands for.
        select: each word with the level's probability, or the ``count`` ceil(level n) of n words.

    Returns:
        ``perturb(texts, severity, noise)`` from B texts to B texts.

    Raises:
        UsageError: a level outside [0, 1], or a replacement that is no text.

    Example:
        >>> import numpy as np
        >>> class Seeded:
        ...     def generators(self, label):
        ...         yield np.random.default_rng(1)
        >>> perturb = word_blanking(Modality("caption", "text", ()), (0.2, 0.6), per="character")
        >>> perturb(["One small  red, bird"], 1, Seeded()), perturb(["One small  red, bird"], 2, Seeded())
        (['One small  ___, bird'], ['___ small  ___, bird'])
    """
    where = check_levels("word-blanking", modality, levels)
    if not isinstance(replacement, str):
        raise UsageError(f"{where}: replacement is {replacement!r}, expected text ('' for none)")

    def blank(word: str) -> str:
        if per == "word":
            return replacement
        return "".join(replacement if is_letter(each) else each for each in characters_of(word))

    def change(text: str, level: float, generator: Generator) -> str:
        words, gaps = split(text)
        for place in hit(generator.random(len(words)), level, select):
            words[place] = blank(words[place])
        return join(words, gaps)

    return by_text(change, levels)
