"""Modality dropout: missing patterns that are drawn in training."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import combinations
from typing import Literal, TypeAlias

import torch
from torch import Tensor

from brownout_blocks.inputs import blanked, take
from brownout_registry import Batch, Model, Step, check_choice, check_number

DropKind: TypeAlias = Literal["none", "bernoulli", "uniform"]
"""How patterns are drawn for each sample, see `Drop`."""


def patterns(modalities: int) -> Tensor:
    """The 2^V - 1 non-empty missing patterns, bool ``[2^V - 1, V]``, those of fewer modalities first.

    It is the order of the code of DMRNet (modality drop).

    Example:
        >>> patterns(2).int().tolist()
        [[1, 0], [0, 1], [1, 1]]
    """
    chosen = [each for size in range(1, modalities + 1) for each in combinations(range(modalities), size)]
    return torch.tensor([[column in each for column in range(modalities)] for each in chosen])


def applied(present: Tensor, pattern: Tensor) -> Tensor:
    """What a pattern leaves of what is there; where it would leave nothing, all of it.

    Args:
        present: bool ``[B, V]``, by nature.
        pattern: bool ``[B, V]``.

    Example:
        >>> applied(torch.tensor([[True, False], [True, True]]), torch.tensor([[False, True], [False, True]])).tolist()
        [[True, False], [False, True]]
    """
    left = present & pattern
    return torch.where(left.any(1, keepdim=True), left, present)


def uniform(present: Tensor) -> Tensor:
    """For each sample one of the 2^V - 1 non-empty patterns, all equally likely, `applied` to what is there.

    Example:
        >>> uniform(torch.tensor([[True], [False]])).tolist()
        [[True], [False]]
    """
    table = patterns(present.shape[1]).to(present.device)
    return applied(present, table[torch.randint(len(table), (len(present),), device=present.device)])


def bernoulli(present: Tensor, rate: float) -> Tensor:
    """Each modality that is there is dropped with probability ``rate``, but one of them, drawn evenly, always stays.

    Example:
        >>> bernoulli(torch.ones(3, 2, dtype=torch.bool), 1.0).sum(1).tolist()
        [1, 1, 1]
    """
    draws = torch.rand(present.shape, device=present.device)
    kept = present & (draws >= rate)
    last = torch.where(present, draws, -1.0).argmax(1)
    one = torch.nn.functional.one_hot(last, present.shape[1]).bool() & present
    return torch.where(kept.any(1, keepdim=True), kept, one)


@dataclass(frozen=True)
class Drop:
    """Modality dropout of a batch: none, `bernoulli` with a rate, or `uniform`."""

    kind: DropKind
    rate: float

    def __call__(self, model: Model, batch: Batch) -> Batch:
        """The batch with one pattern drawn for each sample."""
        if self.kind == "none":
            return batch
        kept = uniform(batch.present) if self.kind == "uniform" else bernoulli(batch.present, self.rate)
        return with_present(model, batch, kept)


def with_present(model: Model, batch: Batch, present: Tensor) -> Batch:
    """The batch with another mask of what is there.

    A dropped input that no encoder stands before (a fusion at input level) becomes the zero input, as in evaluation;
    the engine does it to representations.
    """
    inputs = {
        name: each if name in model.encoders else blanked(each, present[:, column])
        for column, (name, each) in enumerate(batch.inputs.items())
    }
    return Batch(inputs, batch.targets, present)


def all_copies(model: Model, batch: Batch, step: Step) -> tuple[Batch, Step]:
    """Every sample once under every non-empty pattern, pattern by pattern: (2^V - 1) B samples.

    Ids and rows are repeated along. A pattern that would leave nothing of a sample leaves all of it, so that
    samples weigh alike.
    """
    size, table = len(batch.present), patterns(batch.present.shape[1]).to(batch.present.device)
    rows = torch.arange(size, device=table.device).repeat(len(table))
    inputs = {name: take(each, rows) for name, each in batch.inputs.items()}
    copies = Batch(inputs, batch.targets[rows], batch.present[rows])
    kept = applied(copies.present, table.repeat_interleave(size, 0))
    return with_present(model, copies, kept), replace(step, ids=step.ids[rows], rows=step.rows[rows])


def drop_of(recipe: str, drop: DropKind, drop_rate: float) -> Drop:
    """The options ``drop`` and ``drop_rate`` of a recipe.

    Example:
        >>> drop_of("mixup", "bernoulli", 0.3)
        Drop(kind='bernoulli', rate=0.3)

    Raises:
        UsageError: no such kind, or a rate outside [0, 1].
    """
    check_choice(f"recipe {recipe!r}", "drop", drop, ("none", "bernoulli", "uniform"))
    check_number(f"recipe {recipe!r}", "drop_rate", drop_rate, "a number from 0 to 1", 0, 1)
    return Drop(drop, drop_rate)
