"""Who is missing, and who is hit: keyed masks that every method sees alike."""

from __future__ import annotations

from functools import lru_cache

import torch
from torch import Tensor

from brownout.engine.noise import KeyedNoise
from brownout.engine.specs import Condition


def presence(condition: Condition, modalities: tuple[str, ...], ids: Tensor, natural: Tensor) -> Tensor:
    """What is present under a condition, bool ``[B, V]``.

    A pattern removes its modalities from every sample. A rate r removes a modality from a sample when
    the sample's uniform draw u < r, so a larger rate removes what a smaller one did and more. Where the
    rates would remove all that is there, the modality with the largest u / r stays; the realised rate is
    therefore lower than the nominal one, the more so the fewer modalities there are.

    Args:
        condition: pattern and rates.
        modalities: the V names, in column order.
        ids: int64 ``[B]``.
        natural: bool ``[B, V]``, what is there by nature.
    """
    pattern = torch.tensor([name in condition.present for name in modalities])
    there = natural & pattern
    if not condition.rates:
        return there
    rates = torch.tensor([condition.rates.get(name, 0.0) for name in modalities])
    draws = torch.stack([_uniform(condition, "missing", name, ids) for name in modalities], 1)
    stays = there & (draws >= rates)
    ratio = torch.where(there, draws / rates.clamp(min=1e-9), torch.tensor(-1.0))
    last = torch.nn.functional.one_hot(ratio.argmax(1), len(modalities)).bool() & there
    return torch.where(stays.any(1, keepdim=True), stays, last)


def hit(condition: Condition, modality: str, ids: Tensor) -> Tensor:
    """Which samples the condition perturbs in a modality, bool ``[B]``."""
    if condition.share >= 1:
        return torch.ones(len(ids), dtype=torch.bool)
    return _uniform(condition, "share", modality, ids) < condition.share


def random_patterns(ids: Tensor, natural: Tensor) -> Tensor:
    """For each sample one of the 2^V − 1 non-empty missing patterns, drawn uniformly by its id, bool ``[B, V]``.

    A sample of which the pattern would leave nothing keeps all that it has.

    Args:
        ids: int64 ``[B]``.
        natural: bool ``[B, V]``, what is there by nature.

    Example:
        >>> random_patterns(torch.arange(3), torch.ones(3, 1, dtype=torch.bool)).tolist()
        [[True], [True], [True]]
    """
    modalities = natural.shape[1]
    draws = KeyedNoise(0, "random-patterns", "", tuple(ids.tolist())).uniform("pattern").double()
    codes = 1 + (draws * (2**modalities - 1)).long()
    there = natural & (codes[:, None] >> torch.arange(modalities) & 1).bool()
    return torch.where(there.any(1, keepdim=True), there, natural)


def _uniform(condition: Condition, what: str, modality: str, ids: Tensor) -> Tensor:
    return _kept(condition.seed, what, modality, tuple(ids.tolist()))


@lru_cache(maxsize=256)
def _kept(seed: int, what: str, modality: str, ids: tuple[int, ...]) -> Tensor:
    """The draws of a chunk, kept because every method and rate asks for them."""
    return KeyedNoise(seed, what, modality, ids).uniform("u")
