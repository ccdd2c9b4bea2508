"""Blank words."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from brownout_qmf.checks import check_levels
from brownout_registry import Modality, Noise, Perturbation

WORD = re.compile(r"\S+")


def blanked(text: str, draws: Iterable[float], probability: float) -> str:
    """The text with ``_`` for each word whose draw lies below the probability.

    Args:
        text: words are runs without white space, which stays as it is.
        draws: one of [0, 1) for each word.
        probability: that a word is blanked.

    Example:
        >>> blanked("a small  red bird", [0.1, 0.9, 0.4, 0.5], 0.5)
        '_ small  _ bird'
    """
    following = iter(draws)
    return WORD.sub(lambda word: "_" if next(following) < probability else word[0], text)


def blank_words(modality: Modality, levels: Sequence[float]) -> Perturbation:
    """Each word becomes ``_`` with probability eps / 10 (tables 1, 5 and 6 of the QMF paper; 10 blanks all).

    The released code does so to each sample with probability .5, which is the suite's ``share: 0.5``. A word that
    is blank stays blank at the next severity.

    Args:
        modality: of kind text.
        levels: eps at severities 1, 2, ...

    Returns:
        ``perturb(texts, severity, noise)`` from B texts to B texts.

    Raises:
        UsageError: a level outside [0, 10].

    Example:
        >>> import numpy as np
        >>> class Seeded:
        ...     def generators(self, label):
        ...         yield np.random.default_rng(1)
        >>> perturb = blank_words(Modality("caption", "text", ()), (5, 10))
        >>> perturb(["a small  red bird"], 1, Seeded()), perturb(["a small  red bird"], 2, Seeded())
        (['a small  _ bird'], ['_ _  _ _'])
    """
    check_levels(f"perturbation 'qmf-blank-words' of {modality.name!r}", levels, largest=10)

    def perturb(inputs: list[str], severity: int, noise: Noise) -> list[str]:
        draws = (
            each.random(len(WORD.findall(text))) for text, each in zip(inputs, noise.generators("blank"), strict=True)
        )
        return [blanked(text, each, levels[severity - 1] / 10) for text, each in zip(inputs, draws, strict=True)]

    return perturb
