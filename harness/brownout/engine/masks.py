"""Who is missing, and who is hit: keyed masks that every method sees alike."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import torch
from torch import Tensor

from brownout.engine.noise import KeyedNoise
from brownout.engine.specs import Condition


@dataclass(frozen=True, eq=False)
class Evaluated:
    """All samples that a run evaluates: exact shares and partners are decided among them, never within a batch.

    Attributes:
        ids: int64 ``[N]``.
        present: bool ``[N, V]``, what is there by nature.
        modalities: the V names.
    """

    ids: Tensor
    present: Tensor
    modalities: tuple[str, ...]


def presence(condition: Condition, modalities: tuple[str, ...], ids: Tensor, natural: Tensor) -> Tensor:
    """What is present under a condition, bool ``[B, V]``.

    A pattern removes its modalities from every sample. A rate r removes a modality from a sample when
    the sample's uniform draw u < r, so a larger rate removes what a smaller one did and more. Where the
    rates would remove all that is there, the modality with the largest u / r stays; the realised rate is
    therefore lower than the nominal one, the more so the fewer modalities there are. Where a pattern leaves
    nothing of a sample, nothing is what is present, unless the condition keeps such a sample as it is.

    Args:
        condition: pattern and rates.
        modalities: the V names, in column order.
        ids: int64 ``[B]``.
        natural: bool ``[B, V]``, what is there by nature.
    """
    pattern = torch.tensor([name in condition.present for name in modalities])
    there = natural & pattern
    if condition.keeps:
        there = torch.where(there.any(1, keepdim=True), there, natural)
    if not condition.rates:
        return there
    rates = torch.tensor([condition.rates.get(name, 0.0) for name in modalities])
    draws = torch.stack([_uniform(condition, "missing", name, ids) for name in modalities], 1)
    stays = there & (draws >= rates)
    ratio = torch.where(there, draws / rates.clamp(min=1e-9), torch.tensor(-1.0))
    last = torch.nn.functional.one_hot(ratio.argmax(1), len(modalities)).bool() & there
    return torch.where(stays.any(1, keepdim=True), stays, last)


def hit(condition: Condition, modality: str, everyone: Evaluated) -> Tensor:
    """Which samples the condition perturbs in a modality, bool ``[N]``.

    A share s hits a sample when its uniform draw u < s. An exact share hits the floor(s N + 1/2) samples with
    the smallest draws (of equal draws the smaller id first). Larger shares hit what smaller ones do and more.

    Example:
        >>> from brownout_registry import ConditionFacts
        >>> half = Condition(ConditionFacts("half", "half", "corruption"), ("image",), share=0.5, exact=True)
        >>> int(hit(half, "image", Evaluated(torch.arange(9), torch.ones(9, 1, dtype=torch.bool), ("image",))).sum())
        5
    """
    everybody = torch.ones(len(everyone.ids), dtype=torch.bool)
    if condition.share >= 1:
        return everybody
    draw = (condition.seed, "share", "" if condition.together else modality)
    if not condition.exact:
        return _draws(everyone, *draw) < condition.share
    count = int(condition.share * len(everybody) + 0.5)
    return torch.zeros_like(everybody).index_fill(0, _order(everyone, *draw)[:count], True)


def donors(condition: Condition, modality: str, everyone: Evaluated) -> Tensor:
    """The row of the evaluated samples that each one gets a modality's content from, int64 ``[N]``.

    The samples that have the modality by nature stand in a keyed random order, the last before the first. One
    whose uniform draw is below the share gets the content of the next, all others keep their own. A partner is
    never the sample itself where two have the modality, and it always has it, so that nothing becomes present or
    absent. Larger shares hit what smaller ones do and more, with the same partners.

    Args:
        condition: mispairs the modality.
        modality: by name.
        everyone: the N evaluated samples.
    """
    own = torch.arange(len(everyone.ids))
    order = _order(everyone, condition.seed, "partner", modality)
    order = order[everyone.present[order, everyone.modalities.index(modality)]]
    partner = own.index_copy(0, order, order.roll(-1))
    hits = _draws(everyone, condition.seed, "mispaired", modality) < condition.mispaired[modality]
    return torch.where(hits, partner, own)


def drawn(condition: Condition, everyone: Evaluated) -> dict[str, np.ndarray]:
    """Who is hit by a share, and whose content who has: what the draws decided, by column of a prediction file."""
    shared = condition.views if condition.share < 1 else ()
    hits = {f"hit.{name}": hit(condition, name, everyone).numpy() for name in shared}
    content = {f"content.{name}": everyone.ids[donors(condition, name, everyone)] for name in condition.mispaired}
    return hits | {name: ids.numpy() for name, ids in content.items()}


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


@lru_cache(maxsize=64)
def _draws(everyone: Evaluated, seed: int, what: str, modality: str) -> Tensor:
    """One uniform draw of each evaluated sample, in [0, 1)."""
    return KeyedNoise(seed, what, modality, tuple(everyone.ids.tolist())).uniform("u")


@lru_cache(maxsize=64)
def _order(everyone: Evaluated, seed: int, what: str, modality: str) -> Tensor:
    """The rows of the evaluated samples by increasing draw."""
    draws = _draws(everyone, seed, what, modality).numpy()
    return torch.from_numpy(np.lexsort((everyone.ids.numpy(), draws)))


@lru_cache(maxsize=256)
def _kept(seed: int, what: str, modality: str, ids: tuple[int, ...]) -> Tensor:
    """The draws of a chunk, kept because every method and rate asks for them."""
    return KeyedNoise(seed, what, modality, ids).uniform("u")
