"""Metrics of the paper: the error rate of face anti-spoofing, and the diversity of feature channels."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import nan
from typing import Literal

import numpy as np

from brownout_registry import Stored, UsageError, check_option, unknown


def acer(stored: Stored, *, live: int = 1) -> float:
    """Average classification error rate of two classes: (APCER + BPCER) / 2.

    APCER is the share of attacks taken for live, BPCER the share of live samples taken for attacks; a sample is taken
    for the class of its largest logit, as in the released code (whose names for the two rates are swapped), and all
    attacks are pooled, as CASIA-SURF does; ISO/IEC 30107-3 takes the worst kind of attack instead.

    Args:
        stored: of a task with two classes.
        live: index of the class of live (bona fide) samples.

    Returns:
        In [0, 1]; NaN for other than two classes, for dense prediction, or if a class has no sample.

    Raises:
        UsageError: ``live`` is neither 0 nor 1.

    Example:
        >>> logits = np.array([[2.0, 0.0], [0.0, 1.0], [0.0, 1.0], [3.0, 0.0]])
        >>> stored = Stored(np.arange(4), np.array([0, 0, 1, 1]), logits, np.ones((4, 1), bool), ("face",))
        >>> acer(stored)
        0.5
    """
    check_option(live in {0, 1} and not isinstance(live, bool), "metric 'acer'", "live", live, "0 or 1")
    if stored.logits.ndim != 2 or stored.logits.shape[1] != 2:
        return nan
    taken, counted = stored.logits.argmax(axis=1) == live, stored.targets != stored.ignore_label
    bona_fide = stored.targets == live
    return (_mean(taken, counted & ~bona_fide) + _mean(~taken, counted & bona_fide)) / 2


def channel_diversity(
    stored: Stored,
    *,
    form: Literal["gram", "cosine"] = "gram",
    pairs: Literal["inter", "intra"] | Sequence[str] = "inter",
) -> float:
    """Mean of D_channel (eq. 14 and 15) over samples; higher is more diverse.

    Each sample counts with the mean over those pairs of modalities of which it has both.

    Args:
        stored: with the diagnostics of the fusion ``dmrnet``.
        form: ``gram``, normalised as printed, or ``cosine``, as the text has it; see `brownout_dmrnet.diversity`.
        pairs: ``inter``, all ordered pairs of two modalities; ``intra``, each with itself; or one pair ``[m, n]``.

    Returns:
        In [0, 2]; NaN where there are no such feature maps.

    Raises:
        UsageError: an unknown form, modality or kind of pairs.

    Example:
        >>> found = {"channel-gram.a x b": np.array([0.5, 0.0]), "channel-gram.b x a": np.array([1.0, 0.0])}
        >>> there = np.array([[True, True], [True, False]])
        >>> stored = Stored(np.arange(2), np.zeros(2, int), np.zeros((2, 3)), there, ("a", "b"), diagnostics=found)
        >>> channel_diversity(stored), channel_diversity(stored, pairs=["b", "a"])
        (0.75, 1.0)
    """
    check_option(form in {"gram", "cosine"}, "metric 'channel-diversity'", "form", form, "'gram' or 'cosine'")
    wanted = {f"channel-{form}.{m} x {n}": (m, n) for m, n in _pairs(stored.modalities, pairs)}
    return _average(stored, wanted)


def _pairs(names: Sequence[str], pairs: str | Sequence[str]) -> list[tuple[str, str]]:
    if pairs == "inter":
        return [(m, n) for m in names for n in names if m != n]
    if pairs == "intra":
        return [(name, name) for name in names]
    listed = not isinstance(pairs, str) and isinstance(pairs, Sequence) and len(pairs) == 2
    check_option(listed, "metric 'channel-diversity'", "pairs", pairs, "'inter', 'intra' or a list of two modalities")
    for name in pairs:
        if name not in names:
            raise UsageError(f"metric 'channel-diversity', option 'pairs': {unknown('modality', str(name), names)}")
    return [(pairs[0], pairs[1])]


def _average(stored: Stored, wanted: Mapping[str, tuple[str, ...]]) -> float:
    """Mean over samples of the mean over those diagnostics of which the sample has all modalities."""
    given = {key: names for key, names in wanted.items() if key in stored.diagnostics}
    if not given:
        return nan
    values = np.stack([stored.diagnostics[key] for key in given], axis=1)
    columns = [[stored.modalities.index(name) for name in names] for names in given.values()]
    there = np.stack([stored.present[:, each].all(axis=1) for each in columns], axis=1)
    each = np.where(there, values, 0).sum(axis=1, dtype=np.float64) / there.sum(axis=1).clip(1)
    return _mean(each, there.any(axis=1) & (stored.targets != stored.ignore_label))


def _mean(values: np.ndarray, counted: np.ndarray) -> float:
    return float(values[counted].mean(dtype=np.float64)) if counted.any() else nan
