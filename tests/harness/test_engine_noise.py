"""G3, paired noise: a sample's draw depends on seed, perturbation, modality and sample id alone."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from brownout.engine.masks import Evaluated, donors, hit, presence
from brownout.engine.noise import KeyedNoise
from brownout.engine.specs import Condition
from brownout.results import Run
from brownout_registry import ConditionFacts

pytestmark = pytest.mark.usefixtures("testing_plugin")

IDS = st.lists(st.integers(0, 2**40), min_size=1, max_size=12, unique=True)
SHAPE = st.lists(st.integers(1, 4), max_size=2).map(tuple)
NAMES = ("vector", "image", "text")
FACTS = ConditionFacts("c", "c", "missing")


def noise(ids: list[int], seed: int = 0, perturbation: str = "blur", modality: str = "image") -> KeyedNoise:
    return KeyedNoise(seed, perturbation, modality, tuple(ids))


@given(ids=IDS, shape=SHAPE, data=st.data())
def test_a_draw_depends_on_the_sample_and_not_on_its_batch(ids: list[int], shape: Any, data: Any) -> None:
    order = data.draw(st.permutations(range(len(ids))))
    cut = data.draw(st.integers(0, len(ids)))
    whole = noise(ids)
    for draw in ("uniform", "normal"):
        expected = getattr(whole, draw)("field", shape)[list(order)]
        shuffled = [ids[place] for place in order]
        parts = [getattr(noise(part), draw)("field", shape) for part in (shuffled[:cut], shuffled[cut:]) if part]
        assert torch.equal(torch.cat(parts), expected)


@given(ids=IDS)
def test_each_part_of_the_key_matters(ids: list[int]) -> None:
    draws = [
        noise(ids).normal("a", (3,)),
        noise(ids).normal("b", (3,)),
        noise(ids, seed=1).normal("a", (3,)),
        noise(ids, perturbation="snow").normal("a", (3,)),
        noise(ids, modality="depth").normal("a", (3,)),
    ]
    assert not any(torch.equal(one, other) for place, one in enumerate(draws) for other in draws[place + 1 :])


def test_generators_start_anew_and_equal_the_draws_of_the_same_label() -> None:
    source = noise([3, 5])
    firsts = [generator.random() for generator in source.generators("words")]
    assert firsts == [generator.random() for generator in source.generators("words")]
    assert len(set(firsts)) == 2


def test_draws_are_uniform_and_normal() -> None:
    source = noise(list(range(4000)))
    assert abs(float(source.uniform("u").mean()) - 0.5) < 0.02
    assert float(source.uniform("u").min()) >= 0
    assert float(source.uniform("u").max()) < 1
    assert abs(float(source.normal("n").std()) - 1) < 0.05


def test_all_severities_of_a_view_share_their_draws(
    make_suite: Any, compute: Callable[..., Run], seen: Any, stored: Any
) -> None:
    """x + level u: the logits of a linear method lie on a line over the levels."""
    uses = [
        {"use": "shift", "levels": [0.1, 0.2, 0.4], "name": "one"},
        {"use": "shift", "levels": [0.2], "name": "two"},
    ]
    suite = make_suite(
        encoders={kind: {"backbone": {"use": "mlp", "hidden": [], "normalise": False}} for kind in ("vector", "image")},
        methods=[{"name": "linear", "fusion": "faulty"}],
        protocol={"corruptions": {"each": uses, "modalities": ["vector"]}},
    )
    predictions = stored(compute(suite))
    clean, *logits = [
        predictions["linear", 0, name].logits
        for name in ("clean", "one(vector) s1", "one(vector) s2", "one(vector) s3", "two(vector) s1")
    ]
    np.testing.assert_allclose((logits[1] - clean), 2 * (logits[0] - clean), atol=1e-5)
    np.testing.assert_allclose((logits[2] - clean), 4 * (logits[0] - clean), atol=1e-5)
    assert np.abs(logits[0] - clean).max() > 1e-3
    np.testing.assert_array_equal(logits[3], logits[1])


SUITE: dict[str, Any] = {
    "methods": [{"name": "mean", "fusion": "mean"}, {"name": "tokens", "fusion": "tokens"}],
    "protocol": {
        "corruptions": [
            {"each": ["gaussian-noise", "salt-and-pepper", "missing-entries", "lose-words"], "severities": [1, 3]},
            {"joint": [{"vector": "gaussian-noise", "image": "shift"}], "share": 0.5},
        ]
    },
}


def test_encoders_see_the_same_bits_under_another_batch_size_order_and_executor(
    make_suite: Any, compute: Callable[..., Run], seen: Any, stored: Any
) -> None:
    kinds = ["vector", "image", "text", "audio", "sequence"]
    suite = make_suite(kinds, **SUITE)
    first = compute(suite)
    rows = sorted(seen.rows())
    assert len(rows) == first.facts["encoder_rows"]["computed"]

    def again(out: str, content: Any, **settings: Any) -> Run:
        seen.clear()
        run = compute(content, out=out, cache=f"{out}-cache", **settings)
        assert sorted(seen.rows()) == rows
        return run

    again("batch", suite, batch=7)
    turned = {**suite, "methods": suite["methods"][::-1]}
    turned["protocol"] = {"corruptions": suite["protocol"]["corruptions"][::-1]}
    others = [again("order", turned), again("process", suite, executor="process", workers=2)]
    expected = stored(first)
    for run in others:
        found = stored(run)
        assert found.keys() == expected.keys()
        for key, each in expected.items():
            np.testing.assert_array_equal(found[key].logits, each.logits)


def condition(rates: dict[str, float], seed: int = 0, **more: Any) -> Condition:
    return Condition(FACTS, NAMES, rates=rates, seed=seed, **more)


@given(low=st.floats(0.01, 0.98), step=st.floats(0.0, 1.0), seed=st.integers(0, 99), first=st.integers(0, 10**6))
@settings(max_examples=25)
def test_masks_are_nested_over_equal_rates(low: float, step: float, seed: int, first: int) -> None:
    ids, natural = torch.arange(first, first + 30), torch.ones(30, 3, dtype=torch.bool)
    less = presence(condition(dict.fromkeys(NAMES, low), seed), NAMES, ids, natural)
    more = presence(condition(dict.fromkeys(NAMES, low + step * (0.99 - low)), seed), NAMES, ids, natural)
    assert bool((less | ~more).all())
    assert bool(more.any(1).all())


@pytest.mark.parametrize("rate", [0.1, 0.3, 0.5, 0.7])
def test_realised_rates_are_near_nominal_ones(rate: float) -> None:
    """All V are drawn as missing with probability r^V, and one of them then stays: r - r^V / V on average."""
    ids, natural = torch.arange(6000), torch.ones(6000, 3, dtype=torch.bool)
    there = presence(condition(dict.fromkeys(NAMES, rate)), NAMES, ids, natural)
    realised = 1 - there.float().mean(0)
    assert torch.allclose(realised, torch.full((3,), rate - rate**3 / 3), atol=0.025)


def test_unequal_rates_hit_the_modalities_unequally() -> None:
    ids, natural = torch.arange(6000), torch.ones(6000, 3, dtype=torch.bool)
    there = presence(condition({"vector": 0.6, "image": 0.2}), NAMES, ids, natural)
    realised = 1 - there.float().mean(0)
    assert torch.allclose(realised, torch.tensor([0.6, 0.2, 0.0]), atol=0.025)


@given(missing=st.floats(0, 0.9), seed=st.integers(0, 9))
@settings(max_examples=20)
def test_rates_leave_what_nature_leaves_and_at_least_one(missing: float, seed: int) -> None:
    generator = torch.Generator().manual_seed(seed)
    natural = torch.rand(40, 3, generator=generator) >= missing
    there = presence(condition(dict.fromkeys(NAMES, 0.8), seed), NAMES, torch.arange(40), natural)
    assert not bool((there & ~natural).any())
    assert torch.equal(there.any(1), natural.any(1))


def test_a_pattern_takes_its_modalities_from_every_sample() -> None:
    natural = torch.tensor([[True, True, True], [True, False, True]])
    there = presence(Condition(FACTS, ("vector", "image")), NAMES, torch.arange(2), natural)
    assert there.tolist() == [[True, True, False], [True, False, False]]


def test_a_share_is_drawn_for_each_modality_independently_and_nested() -> None:
    everyone = evaluated(range(8000))
    half = {name: hit(Condition(FACTS, NAMES, share=0.5), name, everyone) for name in NAMES[:2]}
    tenth = hit(Condition(FACTS, NAMES, share=0.1), "vector", everyone)
    assert abs(float(half["vector"].float().mean()) - 0.5) < 0.02
    assert abs(float((half["vector"] & half["image"]).float().mean()) - 0.25) < 0.02
    assert not bool((tenth & ~half["vector"]).any())
    assert bool(hit(Condition(FACTS, NAMES), "vector", everyone).all())


def evaluated(ids: Iterable[int], present: torch.Tensor | None = None) -> Evaluated:
    keys = torch.tensor(list(ids))
    return Evaluated(keys, torch.ones(len(keys), 3, dtype=torch.bool) if present is None else present, NAMES)


@given(ids=IDS, share=st.floats(0.01, 0.99), step=st.floats(0, 1), seed=st.integers(0, 99), together=st.booleans())
@settings(max_examples=40)
def test_an_exact_share_is_exact_and_nested(
    ids: list[int], share: float, step: float, seed: int, together: bool
) -> None:
    facts: dict[str, Any] = {"seed": seed, "exact": True, "together": together}
    less = hit(Condition(FACTS, NAMES, share=share, **facts), "image", evaluated(ids))
    more = hit(Condition(FACTS, NAMES, share=share + step * (0.99 - share), **facts), "image", evaluated(ids))
    assert int(less.sum()) == math.floor(share * len(ids) + 0.5)
    assert bool((more | ~less).all())


@given(ids=IDS, data=st.data(), seed=st.integers(0, 99))
@settings(max_examples=40)
def test_who_is_hit_does_not_depend_on_the_order_of_the_samples(ids: list[int], data: Any, seed: int) -> None:
    order = torch.tensor(data.draw(st.permutations(range(len(ids)))))
    shuffled = evaluated(torch.tensor(ids)[order].tolist())
    for exact in (False, True):
        half = Condition(FACTS, NAMES, share=0.5, seed=seed, exact=exact)
        assert torch.equal(hit(half, "image", evaluated(ids))[order], hit(half, "image", shuffled))
    mispaired = Condition(FACTS, NAMES, mispaired={"image": 0.5}, seed=seed)
    found = torch.tensor(ids)[donors(mispaired, "image", evaluated(ids))]
    assert torch.equal(found[order], shuffled.ids[donors(mispaired, "image", shuffled)])


def test_together_hits_the_same_samples_in_every_modality() -> None:
    everyone = evaluated(range(400))
    for exact in (False, True):
        alone, together = (Condition(FACTS, NAMES, share=0.5, exact=exact, together=each) for each in (False, True))
        assert torch.equal(hit(together, "vector", everyone), hit(together, "image", everyone))
        both = hit(alone, "vector", everyone) & hit(alone, "image", everyone)
        assert 60 < int(both.sum()) < 140  # a quarter, not a half


def test_equal_draws_are_told_apart_by_id() -> None:
    everyone = evaluated([5, 3, 4, 1])
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("brownout.engine.masks._draws", lambda *_: torch.zeros(4))
        hits = hit(Condition(FACTS, NAMES, share=0.5, exact=True, seed=12345), "image", everyone)
    assert everyone.ids[hits].tolist() == [3, 1]


@given(ids=IDS, missing=st.floats(0, 0.8), share=st.floats(0.01, 1), seed=st.integers(0, 99))
@settings(max_examples=40)
def test_mispaired_samples_get_what_another_has(ids: list[int], missing: float, share: float, seed: int) -> None:
    present = torch.rand(len(ids), 3, generator=torch.Generator().manual_seed(seed)) >= missing
    everyone, own = evaluated(ids, present), torch.arange(len(ids))
    has = present[:, 1]
    whole = donors(Condition(FACTS, NAMES, mispaired={"image": 1.0}, seed=seed), "image", everyone)
    assert sorted(whole.tolist()) == own.tolist()
    assert torch.equal(present[whole, 1], has)
    assert torch.equal(whole[~has], own[~has])
    assert int(has.sum()) < 2 or not bool((whole == own)[has].any())
    some, more = (
        donors(Condition(FACTS, NAMES, mispaired={"image": each}, seed=seed), "image", everyone)
        for each in (share, 0.5 * (1 + share))
    )
    assert bool(((some == own) | (some == whole)).all())
    assert bool(((more == whole) | (some == own)).all())


def test_a_share_of_the_samples_is_mispaired_in_each_modality_independently() -> None:
    everyone, own = evaluated(range(4000)), torch.arange(4000)
    found = {
        name: donors(Condition(FACTS, NAMES, mispaired={name: 0.3}), name, everyone) for name in ("vector", "image")
    }
    hits = {name: each != own for name, each in found.items()}
    assert abs(float(hits["image"].float().mean()) - 0.3) < 0.025
    assert abs(float((hits["image"] & hits["vector"]).float().mean()) - 0.09) < 0.02
    both = hits["image"] & hits["vector"]
    assert float((found["image"] == found["vector"])[both].float().mean()) < 0.05


def test_a_kept_sample_has_all_that_it_had_and_others_lack_what_the_pattern_lacks() -> None:
    natural = torch.tensor([[True, True, True], [False, True, False], [False, False, False]])
    kept = presence(Condition(FACTS, ("vector",), keeps=True), NAMES, torch.arange(3), natural)
    assert kept.tolist() == [[True, False, False], [False, True, False], [False, False, False]]
    emptied = presence(Condition(FACTS, ("vector",)), NAMES, torch.arange(3), natural)
    assert emptied.tolist() == [[True, False, False], [False] * 3, [False] * 3]
