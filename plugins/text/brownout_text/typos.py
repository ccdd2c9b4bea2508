"""Slips of the finger, and errors of optical character recognition."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from brownout_registry import Modality, Perturbation
from brownout_text.characters import at_each, edit_characters
from brownout_text.confusions import mistaken, neighbours
from brownout_text.words import Select, pick


def keyboard_typos(
    modality: Modality,
    levels: Sequence[float],
    *,
    share: float = 0.3,
    shortest: int = 4,
    shift: Literal["either", "same"] = "either",
    select: Select = "each",
) -> Perturbation:
    """Some letters of some words become what a neighbouring key gives (nlpaug; MM-Robustness, Qiu et al. 2022).

    The keyboard is QWERTY; characters that are no letter or digit of it stay. The share of a word's characters
    and the shortest words are nlpaug's. The table is the keyboard's geometry: the 3 to 6 keys that touch, hence 10.1
    characters on average where nlpaug's has 12.3, and no blank, which nlpaug's has for u. A hit word becomes the same
    at every severity that hits it.

    Args:
        modality: of kind text.
        levels: share of the words that are hit at severities 1, 2, ...
        share: of a hit word's letters and digits, rounded up.
        shortest: letters and digits of the shortest words that can be hit.
        shift: ``either``: digits, symbols and both cases, as nlpaug does; ``same``: with the same shift key.
        select: each word with the level's probability, or the ``count`` ceil(level n) of n words, as nlpaug does.

    Returns:
        ``perturb(texts, severity, noise)`` from B texts to B texts.

    Raises:
        UsageError: a level or option out of its range.

    Example:
        >>> import numpy as np
        >>> class Seeded:
        ...     def generators(self, label):
        ...         yield np.random.default_rng(4)
        >>> keyboard_typos(Modality("caption", "text", ()), (1.0,), shift="same")(["a small bird"], 1, Seeded())
        ['a z,all nidd']
    """
    table = neighbours(shift)
    edit = at_each(lambda character, u: pick(table[character], u))
    return edit_characters(
        "keyboard-typos",
        modality,
        levels,
        edit,
        able=table.__contains__,
        share=share,
        shortest=shortest,
        select=select,
    )


def ocr_errors(
    modality: Modality,
    levels: Sequence[float],
    *,
    share: float = 0.3,
    shortest: int = 1,
    least: int = 2,
    select: Select = "each",
) -> Perturbation:
    """Some characters of some words are mistaken for similar ones (nlpaug; MM-Robustness, Qiu et al. 2022).

    The 31 characters that can be mistaken are 0 1 2 5 6 8 9 @ & and Latin letters; words without one stay. For all
    else see `keyboard_typos`.

    Args:
        modality: of kind text.
        levels: share of the words that are hit at severities 1, 2, ...
        share: of a hit word's letters and digits, rounded up.
        shortest: letters and digits of the shortest words that can be hit.
        least: characters hit in a word that has as many that can be mistaken.
        select: each word with the level's probability, or the ``count`` ceil(level n) of n words, as nlpaug does.

    Raises:
        UsageError: a level or option out of its range.

    Example:
        >>> import numpy as np
        >>> class Seeded:
        ...     def generators(self, label):
        ...         yield np.random.default_rng(4)
        >>> ocr_errors(Modality("caption", "text", ()), (1.0,))(["a small bird"], 1, Seeded())
        ['a 8ma1l 6ikd']
    """
    table = mistaken()
    edit = at_each(lambda character, u: pick(table[character], u))
    return edit_characters(
        "ocr-errors",
        modality,
        levels,
        edit,
        able=table.__contains__,
        share=share,
        shortest=shortest,
        least=least,
        select=select,
    )
