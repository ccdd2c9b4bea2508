"""Punctuation marks inserted."""

from __future__ import annotations

from collections.abc import Sequence

from numpy.random import Generator

from brownout_registry import Modality, Perturbation, check_option
from brownout_text.characters import characters_of
from brownout_text.words import Select, by_text, check_levels, hit, join, pick, split


def punctuation_insertion(
    modality: Modality, levels: Sequence[float], *, marks: str = ".,!?;:", select: Select = "each"
) -> Perturbation:
    """Insert punctuation marks before words (AEDA, Karimi et al. 2021; MM-Robustness, Qiu et al. 2022).

    A mark stands alone, with a space behind it; the text's own words and white space stay. AEDA draws how many
    marks there are from 1 to n/3 for n words, MM-Robustness from 1 to alpha n; here the level says how many are
    expected. A mark inserted at one severity is there at the next.

    Args:
        modality: of kind text.
        levels: share of the words that get a mark before them at severities 1, 2, ...
        marks: each with the same chance, of any script.
        select: each word with the level's probability, or the ``count`` ceil(level n) of n words.

    Returns:
        ``perturb(texts, severity, noise)`` from B texts to B texts.

    Raises:
        UsageError: a level outside [0, 1], no marks, or white space among them.

    Example:
        >>> import numpy as np
        >>> class Seeded:
        ...     def generators(self, label):
        ...         yield np.random.default_rng(1)
        >>> perturb = punctuation_insertion(Modality("caption", "text", ()), (0.2, 0.6))
        >>> perturb(["a small  red bird"], 1, Seeded()), perturb(["a small  red bird"], 2, Seeded())
        (['a : small  red bird'], [': a : small  ! red bird'])
    """
    where = check_levels("punctuation-insertion", modality, levels)
    choices = characters_of(marks)
    fine = len(choices) > 0 and not any(map(str.isspace, marks))
    check_option(fine, where, "marks", marks, "punctuation marks without white space")

    def change(text: str, level: float, generator: Generator) -> str:
        words, gaps = split(text)
        draws = generator.random((len(words), 2))
        for place in hit(draws[:, 0], level, select):
            words[place] = f"{pick(choices, draws[place, 1])} {words[place]}"
        return join(words, gaps)

    return by_text(change, levels)
