"""Conditions, held against the data: whom they leave with nothing, and whom nobody can be paired with."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

import torch

from brownout.engine.masks import Evaluated
from brownout.engine.specs import Condition, DatasetSpec
from brownout_registry import Dataset, UsageError


def evaluated(dataset: Dataset, spec: DatasetSpec) -> Evaluated:
    """The test samples that a run evaluates: all, or the first ones up to its limit."""
    split = dataset.splits["test"]
    return Evaluated(split.ids[: spec.limit], split.present[: spec.limit], spec.modalities)


def settled(conditions: Iterable[Condition], spec: DatasetSpec, dataset: Dataset, *, empty: str) -> Iterator[Condition]:
    """The conditions, each with what becomes of the samples that its missing pattern leaves nothing of.

    Args:
        conditions: on the dataset.
        spec: of the dataset.
        dataset: the same, built.
        empty: the protocol's ``missing.empty``.

    Raises:
        UsageError: names the condition.
    """
    everyone = evaluated(dataset, spec)
    for condition in conditions:
        _refuse_lonely(condition, everyone, spec.name)
        count = _emptied(condition, everyone)
        if count and empty == "refuse":
            raise UsageError(
                f"protocol: {condition.facts.name!r} leaves no modality of {count:,} of the {len(everyone.ids):,} test "
                f"samples of {spec.name!r}, which lack others by nature; set missing.empty: 'keep' leaves such samples "
                "as they are, 'predict' has them predicted from nothing"
            )
        yield replace(condition, keeps=True) if count and empty == "keep" else condition


def _emptied(condition: Condition, everyone: Evaluated) -> int:
    """How many samples have something by nature and nothing under the condition's pattern."""
    pattern = torch.tensor([name in condition.present for name in everyone.modalities])
    return int((everyone.present.any(1) & ~(everyone.present & pattern).any(1)).sum())


def _refuse_lonely(condition: Condition, everyone: Evaluated, dataset: str) -> None:
    for name in condition.mispaired:
        if int(everyone.present[:, everyone.modalities.index(name)].sum()) < 2:
            raise UsageError(f"protocol.mispaired: fewer than two test samples of {dataset!r} have modality {name!r}")
