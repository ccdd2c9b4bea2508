"""Word masking."""

from __future__ import annotations

import re
from collections.abc import Sequence

from numpy.random import Generator

from brownout_registry import Modality, Noise, Perturbation, UsageError

WORD = re.compile(r"\S+")


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
    where = f"perturbation 'word-masking' of {modality.name!r}"
    for index, level in enumerate(levels):
        if isinstance(level, bool) or not isinstance(level, int | float) or not 0 <= level <= 1:
            raise UsageError(f"{where}: levels[{index}] is {level!r}, expected a number from 0 to 1")
    if not isinstance(mask, str):
        raise UsageError(f"{where}: mask is {mask!r}, expected text ('' for none)")

    def perturb(inputs: list[str], severity: int, noise: Noise) -> list[str]:
        generators = noise.generators("mask")
        return [_masked(text, levels[severity - 1], mask, each) for text, each in zip(inputs, generators, strict=True)]

    return perturb


def _masked(text: str, probability: float, mask: str, generator: Generator) -> str:
    draws = iter(generator.random(len(WORD.findall(text))))
    return WORD.sub(lambda word: mask if next(draws) < probability else word[0], text)
