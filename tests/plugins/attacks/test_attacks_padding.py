"""Padding reaches nothing, so no attack spends anything on it."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from brownout.engine.noise import KeyedNoise
from brownout_attacks.common import random_start, within
from brownout_attacks.narrowing import narrowed

LENGTHS = torch.tensor([12, 3, 7, 1, 12, 5, 9, 2])
STEPS, FILL = 12, -0.5
SHORT = {
    "fgsm": {},
    "fgsm-l2": {},
    "fgsm-l1": {},
    "pgd": {"steps": 5},
    "pgd-l2": {"steps": 5, "restarts": 3},
    "apgd": {"steps": 8, "restarts": 2},
    "apgd-l2": {"steps": 8},
    "square": {"queries": 40},
    "square-l2": {"queries": 40},
    "cw-l2": {"steps": 5, "search_steps": 2, "step_size": 0.1},
}


@pytest.fixture
def ragged(attacked_by):
    """``ragged((3,), 0.2, rows=[1, 3], more=5)``: samples of unequal lengths, padded to the longest and 5 steps more.

    Padding is outside the range, as far as there is one, and the model does not see it.
    """

    def make(shape, budget, *, rows=range(8), more=0, bounds=(0.0, 1.0)):
        random = torch.Generator().manual_seed(0)
        draw = lambda *sizes: torch.randn(*sizes, generator=random, dtype=torch.float64)  # noqa: E731
        clean = torch.rand(8, STEPS, *shape, generator=random, dtype=torch.float64)
        above, below, rest = draw(8, 3), draw(clean[0].numel(), 8), 0.3 * draw(8, 3)
        kept = torch.tensor(list(rows))
        lengths = LENGTHS[kept]
        total = int(lengths.max()) + more
        inputs = torch.full((len(kept), total, *shape), FILL, dtype=torch.float64)
        for i, (row, length) in enumerate(zip(kept, lengths, strict=True)):
            inputs[i, :length] = clean[row, :length]

        def model(given, some):
            seen = torch.zeros(len(some), STEPS, *shape, dtype=torch.float64)
            width = min(total, STEPS)
            seen[:, :width] = within(lengths[some], given["x"], 0.0)[:, :width]
            return rest[kept[some]] + torch.tanh(seen.flatten(1) @ below) @ above

        attacked = attacked_by({"x": inputs}, torch.zeros(len(kept)).long(), model, budget, bounds)
        targets = attacked.logits(attacked.inputs).argmax(1)
        noise = {"x": KeyedNoise(0, "attack", "x", tuple(kept.tolist()))}
        return replace(attacked, targets=targets, noise=noise, lengths={"x": lengths})

    return make


@pytest.mark.parametrize("bounds", [None, (0.0, 1.0)])
@pytest.mark.parametrize("shape", [(), (3,)])
@pytest.mark.parametrize("name", SHORT)
def test_padding_stays_as_it_was_and_more_of_it_changes_no_result(build, ragged, name, shape, bounds):
    attack = build(name, **SHORT[name])
    found = attack(ragged(shape, 0.2, bounds=bounds))["x"]
    assert (within(LENGTHS, torch.full_like(found, FILL), found) == FILL).all()
    for rows, more in [(range(8), 30), ([1, 6], 0), ([3], 0), ([7, 1, 2], 4)]:
        other = attack(ragged(shape, 0.2, rows=rows, more=more, bounds=bounds))["x"]
        for row, x in zip(rows, other, strict=True):
            real, same = x[: LENGTHS[row]], found[row, : LENGTHS[row]]
            assert name != "square" or torch.equal(real, same)
            torch.testing.assert_close(real, same, rtol=0, atol=1e-9)


@pytest.mark.parametrize("norm", ["linf", "l2"])
def test_a_random_start_spends_its_length_on_what_is_real(ragged, norm):
    for more in (0, 500):
        moved = random_start(attacked := ragged((3,), 0.4, more=more, bounds=None), 0, norm)["x"] - attacked.inputs["x"]
        assert not within(LENGTHS, torch.zeros_like(moved), moved).any()
        sizes = moved.flatten(1).norm(dim=1) if norm == "l2" else moved.flatten(1).abs().amax(1)
        assert (sizes > 0.2).all()


@pytest.mark.parametrize("shape", [(), (3,)])
@pytest.mark.parametrize("more", [0, 200])
def test_square_spends_its_blocks_on_what_is_real(build, ragged, shape, more):
    attacked = ragged(shape, 1e-4, more=more, bounds=None)  # too small to fool anybody
    real = within(LENGTHS, torch.ones_like(attacked.inputs["x"]), 0.0).bool()
    for name in ("square", "square-l2"):
        delta = build(name, queries=40)(attacked)["x"] - attacked.inputs["x"]
        assert delta.flatten(1).any(1).sum() > 5
        for row in delta.flatten(1).any(1).nonzero()[:, 0]:
            own = delta[row][real[row]]
            if name == "square":
                torch.testing.assert_close(own.abs(), torch.full_like(own, 1e-4))
            else:
                torch.testing.assert_close(own.norm(), torch.tensor(1e-4, dtype=torch.float64))


@pytest.mark.parametrize("name", SHORT)
def test_a_sample_without_any_step_stays_as_it_is(build, ragged, name):
    attacked = ragged((3,), 0.2)
    lengths = LENGTHS.clone()
    lengths[1] = 0
    found = build(name, **SHORT[name])(replace(attacked, lengths={"x": lengths}))["x"]
    assert torch.equal(found[1], attacked.inputs["x"][1])
    assert found.isfinite().all()


def test_some_of_the_samples_keep_their_lengths(ragged):
    some = narrowed(ragged((3,), 0.2), torch.tensor([6, 1]))
    assert some.lengths["x"].tolist() == [9, 3]
    assert narrowed(replace(some, lengths={"x": None}), torch.tensor([0])).lengths == {"x": None}
    assert narrowed(replace(some, lengths={}), torch.tensor([0])).lengths == {}
