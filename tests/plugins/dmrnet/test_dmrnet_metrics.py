"""Metrics and the diagnostics they are made of."""

from __future__ import annotations

from math import isnan, nan

import numpy as np
import pytest
import torch

from brownout_dmrnet.diversity import cosine_distance, gram_distance
from brownout_dmrnet.metrics import acer, channel_diversity
from brownout_registry import Representation, Stored, UsageError

KINDS = {"a": "map", "b": Representation("map", (5, 2, 4)), "c": "vector", "d": Representation("map", (2, 3, 3))}


def stored(logits, targets, **given):
    present = given.pop("present", np.ones((len(targets), 1), bool))
    names = given.pop("names", ("all",))
    return Stored(np.arange(len(targets)), np.asarray(targets), np.asarray(logits, float), present, names, **given)


@pytest.fixture
def diagnosed(build, batch):
    """A stored prediction of maps and a vector, with the sources it came from."""
    fusion = build(KINDS, diagnostics=True).eval()
    sources, present, targets = batch(fusion, 40)
    with torch.inference_mode():
        prediction = fusion(sources, present)
    found = {name: each.numpy() for name, each in prediction.diagnostics.items()}
    return stored(prediction.logits, targets, present=present.numpy(), names=tuple(KINDS), diagnostics=found), sources


def test_diagnostics_are_those_of_pairs_of_maps_of_one_size(diagnosed):
    kept, sources = diagnosed
    pairs = ["a x a", "a x b", "b x a", "b x b", "d x d"]
    expected = {f"channel-{form}.{pair}" for form in ("gram", "cosine") for pair in pairs}
    assert set(kept.diagnostics) == expected
    both = kept.present[:, 0] & kept.present[:, 1]
    wanted = gram_distance(sources["a"], sources["b"]).mean((1, 2)).numpy()
    np.testing.assert_allclose(kept.diagnostics["channel-gram.a x b"], np.where(both, wanted, 0), rtol=1e-5)


def test_diagnostics_are_off_by_default_and_in_training(build, batch):
    fusion = build(KINDS)
    assert not fusion.eval()(*batch(fusion)[:2]).diagnostics
    fusion = build(KINDS, diagnostics=True)
    assert not fusion.train()(*batch(fusion)[:2]).diagnostics


@pytest.mark.parametrize(("form", "distance"), [("gram", gram_distance), ("cosine", cosine_distance)])
def test_channel_diversity_averages_present_pairs(diagnosed, form, distance):
    kept, sources = diagnosed
    a, b = kept.present[:, 0], kept.present[:, 1]
    there = torch.as_tensor(a & b)
    mean = {(m, n): distance(sources[m], sources[n]).mean((1, 2))[there].mean().item() for m in "ab" for n in "ab"}
    for pair in (("a", "b"), ("b", "a")):
        assert channel_diversity(kept, form=form, pairs=list(pair)) == pytest.approx(mean[pair], rel=1e-5)
    assert channel_diversity(kept, form=form) == pytest.approx((mean["a", "b"] + mean["b", "a"]) / 2, rel=1e-5)
    alone = distance(sources["a"], sources["a"]).mean((1, 2))[torch.as_tensor(a)].mean().item()
    assert channel_diversity(kept, form=form, pairs=["a", "a"]) == pytest.approx(alone, rel=1e-5)
    assert channel_diversity(kept, form=form, pairs="intra") != pytest.approx(alone)


def test_without_maps_it_is_undefined():
    assert isnan(channel_diversity(stored([[0, 1]], [0])))


def test_distances_of_silent_channels():
    F = torch.zeros(1, 2, 2, 2)
    F[0, 0] = 1
    assert gram_distance(F, F).tolist() == [[[0.0, 1.0], [1.0, 1.0]]]
    assert cosine_distance(F, F).tolist() == [[[0.0, 1.0], [1.0, 1.0]]]


@pytest.mark.parametrize(
    ("predicted", "targets", "live", "expected"),
    [
        ([0, 0, 1, 1], [0, 0, 1, 1], 1, 0.0),
        ([1, 1, 0, 0], [0, 0, 1, 1], 1, 1.0),
        ([0, 1, 1, 1, 1, 0], [0, 0, 0, 0, 1, 1], 1, (3 / 4 + 1 / 2) / 2),
        ([0, 1, 1, 1, 1, 0], [0, 0, 0, 0, 1, 1], 0, (3 / 4 + 1 / 2) / 2),
        ([0, 1, 1], [0, -100, 1], 1, 0.0),
        ([0, 1], [1, 1], 1, nan),
    ],
)
def test_acer(predicted, targets, live, expected):
    assert acer(stored(np.eye(2)[predicted], targets), live=live) == pytest.approx(expected, nan_ok=True)


def test_acer_is_of_two_classes():
    assert isnan(acer(stored(np.eye(3), [0, 1, 2])))
    assert isnan(acer(stored(np.zeros((2, 2, 4, 4)), np.zeros((2, 4, 4), int))))


@pytest.mark.parametrize(
    ("metric", "options", "message"),
    [
        (acer, {"live": 2}, "metric 'acer', option 'live' is 2, expected 0 or 1"),
        (acer, {"live": True}, "option 'live' is True"),
        (channel_diversity, {"form": "l2"}, "metric 'channel-diversity', option 'form' is 'l2'"),
        (channel_diversity, {"pairs": "all"}, "option 'pairs' is 'all', expected 'inter', 'intra' or a list of two"),
        (channel_diversity, {"pairs": ["all"]}, "option 'pairs'"),
        (channel_diversity, {"pairs": ["all", "al"]}, "unknown modality 'al'; did you mean 'all'"),
    ],
)
def test_mistakes_are_answered(metric, options, message):
    with pytest.raises(UsageError, match=message):
        metric(stored([[0, 1]], [0]), **options)
