"""Deterministic, stratified splits for data that come with none, or with no validation split."""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import blake2b

import numpy as np

from brownout_datasets.columns import Array
from brownout_registry import SPLITS, UsageError


def hold_out(groups: Array, labels: Array, shares: Mapping[str, float], seed: int) -> Array:
    """The position in ``SPLITS`` of each sample's split: validation and test by class, the rest is train.

    Within each class, groups are ordered by the hash of seed and group, and the first ones are held out until
    ``share * n`` (rounded) of the class's n samples are. So a sample's split depends on the seed, its group and
    the other groups of its class: not on row order, and not on any library's random numbers.

    Args:
        groups: ``[N]`` integers or strings; samples of one group stay together. Sample ids when nothing is shared.
        labels: int ``[N]``; a group with several labels counts under its smallest.
        shares: share of the samples for ``validation`` and ``test``, at least 0 and together below 1.
        seed: another seed, another split.

    Example:
        >>> hold_out(np.arange(10), np.zeros(10, int), {"test": 0.2, "validation": 0.1}, seed=0)
        array([0, 0, 1, 0, 0, 2, 0, 2, 0, 0])

    Raises:
        UsageError: a share is negative, or nothing is left for training.
    """
    check_shares(shares)
    names, member, sizes = np.unique(groups, return_inverse=True, return_counts=True)
    order = np.argsort([blake2b(f"{seed} {name}".encode(), digest_size=8).hexdigest() for name in names.tolist()])
    strata = np.full(len(names), np.iinfo(np.int64).max)
    np.minimum.at(strata, member, labels)
    assignment = np.zeros(len(names), np.int64)
    for label in np.unique(strata):
        chosen = order[strata[order] == label]
        assignment[chosen] = _cut(sizes[chosen], shares)
    return assignment[member]


def check_shares(shares: Mapping[str, float]) -> None:
    """Refuse shares that leave nothing for training, or are no shares."""
    for name, share in shares.items():
        if not isinstance(share, int | float) or not 0 <= share < 1:
            raise UsageError(f"option {name!r} is {share!r}, expected a share of the samples, at least 0 and below 1")
    if sum(shares.values()) >= 1:
        raise UsageError(f"options {' and '.join(map(repr, shares))} add up to 1 or more: nothing is left for train")


def _cut(sizes: Array, shares: Mapping[str, float]) -> Array:
    """Split positions of one class's groups, in hash order: test first, then validation, then train."""
    filled, total, edge = np.cumsum(sizes), int(sizes.sum()), 0
    assignment = np.zeros(len(sizes), np.int64)
    for name in ("test", "validation"):
        start, edge = edge, edge + int(shares.get(name, 0) * total + 0.5)
        assignment[(filled > start) & (filled <= edge)] = SPLITS.index(name)
    return assignment
