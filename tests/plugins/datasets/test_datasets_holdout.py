"""The deterministic, stratified split."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from brownout_datasets.holdout import hold_out
from brownout_registry import SPLITS, UsageError

TEST, VALIDATION = SPLITS.index("test"), SPLITS.index("validation")
labels = st.lists(st.integers(0, 4), min_size=1, max_size=80)
shares = st.floats(0, 0.49)


@settings(max_examples=60, deadline=None)
@given(labels, shares, shares, st.integers(0, 9))
def test_each_class_gives_its_share(labels: list[int], test: float, validation: float, seed: int) -> None:
    targets = np.array(labels)
    assignment = hold_out(np.arange(len(labels)), targets, {"validation": validation, "test": test}, seed)
    for label in set(labels):
        mine = assignment[targets == label]
        wanted_test = int(test * len(mine) + 0.5)
        assert (mine == TEST).sum() == wanted_test
        assert (mine == VALIDATION).sum() == min(int(validation * len(mine) + 0.5), len(mine) - wanted_test)


@settings(max_examples=60, deadline=None)
@given(labels, st.randoms(use_true_random=False), st.integers(0, 9))
def test_row_order_does_not_matter(labels: list[int], random: object, seed: int) -> None:
    ids, targets = np.arange(1000, 1000 + len(labels)), np.array(labels)
    order = np.array(random.sample(range(len(labels)), len(labels)))  # type: ignore[attr-defined]
    shares = {"validation": 0.2, "test": 0.3}
    assert (
        hold_out(ids[order], targets[order], shares, seed).tolist()
        == hold_out(ids, targets, shares, seed)[order].tolist()
    )


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(0, 12), min_size=1, max_size=80), st.integers(0, 9))
def test_groups_stay_together_and_never_exceed_the_share(groups: list[int], seed: int) -> None:
    names = np.array(groups)
    targets = names % 2
    assignment = hold_out(names, targets, {"validation": 0.2, "test": 0.3}, seed)
    for name in set(groups):
        assert len(set(assignment[names == name].tolist())) == 1
    for label in set(targets.tolist()):
        mine = assignment[targets == label]
        assert (mine == TEST).sum() <= int(0.3 * len(mine) + 0.5)


def test_another_seed_gives_another_split() -> None:
    ids, targets = np.arange(200), np.zeros(200, int)
    first, second = (hold_out(ids, targets, {"test": 0.5}, seed) for seed in (0, 1))
    assert 0.3 < (first == second).mean() < 0.7


def test_the_split_of_a_published_seed_never_changes() -> None:
    """Results of finished runs hang on it."""
    assignment = hold_out(np.arange(12), np.arange(12) % 2, {"validation": 0.2, "test": 0.3}, 7)
    assert assignment.tolist() == [0, 2, 2, 0, 2, 0, 0, 2, 1, 0, 0, 1]


@pytest.mark.parametrize("share", [-0.1, 1, "a fifth", True, float("nan")])
def test_no_share(share: object) -> None:
    with pytest.raises(UsageError, match=r"option 'test' is .*, expected a share"):
        hold_out(np.arange(3), np.zeros(3, int), {"test": share}, 0)  # type: ignore[dict-item]


def test_nothing_left_for_training() -> None:
    with pytest.raises(UsageError, match="'validation' and 'test' add up to 1 or more"):
        hold_out(np.arange(3), np.zeros(3, int), {"validation": 0.5, "test": 0.5}, 0)
