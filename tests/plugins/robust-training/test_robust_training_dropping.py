"""Which patterns are drawn, and what happens to what they drop."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from brownout_blocks import Drop, all_copies, bernoulli, patterns, uniform
from brownout_registry import Padded, Prediction


@pytest.mark.parametrize("modalities", [1, 2, 3, 6])
def test_there_are_two_to_the_v_minus_one_patterns(modalities):
    table = patterns(modalities)
    assert table.shape == (2**modalities - 1, modalities)
    assert len(table.unique(dim=0)) == len(table)
    assert table.any(1).all()
    assert (table.sum(1).diff() >= 0).all()


@given(st.integers(0, 1000), st.integers(1, 6), st.floats(0, 1), st.floats(0, 1))
@settings(deadline=None, max_examples=60)
def test_something_that_is_there_stays(seed, modalities, rate, missing):
    torch.manual_seed(seed)
    present = torch.rand(16, modalities) >= missing
    for kept in (uniform(present), bernoulli(present, rate)):
        assert not (kept & ~present).any()
        assert torch.equal(kept.any(1), present.any(1))
    assert torch.equal(bernoulli(present, 0.0), present)


def test_uniform_draws_every_pattern_alike():
    torch.manual_seed(0)
    kept = uniform(torch.ones(14000, 3, dtype=torch.bool))
    found, counts = kept.unique(dim=0, return_counts=True)
    assert len(found) == 7
    assert ((counts / 2000 - 1).abs() < 0.1).all()


def test_bernoulli_drops_at_its_rate_and_the_last_one_is_drawn_evenly():
    torch.manual_seed(0)
    kept = bernoulli(torch.ones(20000, 3, dtype=torch.bool), 0.3).float().mean(0)
    torch.testing.assert_close(kept, torch.full((3,), 0.7 + 0.3**3 / 3), atol=0.015, rtol=0)
    last = bernoulli(torch.ones(20000, 3, dtype=torch.bool), 1.0)
    assert (last.sum(1) == 1).all()
    torch.testing.assert_close(last.float().mean(0), torch.full((3,), 1 / 3), atol=0.015, rtol=0)


def test_all_copies_are_every_sample_under_every_pattern(make_model, make_batch):
    names = ["vector", "sequence", "text"]
    batch, step = make_batch(names, size=5)
    copies, repeated = all_copies(make_model(names), batch, step)
    assert copies.present.shape == (35, 3)
    assert torch.equal(copies.present, patterns(3).repeat_interleave(5, 0))
    assert torch.equal(copies.targets, batch.targets.repeat(7))
    assert torch.equal(repeated.ids, step.ids.repeat(7))
    assert torch.equal(repeated.rows, step.rows.repeat(7))
    assert repeated.train_size == step.train_size
    assert copies.inputs["text"] == batch.inputs["text"] * 7
    assert torch.equal(copies.inputs["vector"], batch.inputs["vector"].repeat(7, 1))
    assert torch.equal(copies.inputs["sequence"].lengths, batch.inputs["sequence"].lengths.repeat(7))


def test_copies_of_an_incomplete_sample_weigh_as_much_as_others(make_model, make_batch):
    names = ["vector", "map"]
    batch, step = make_batch(names, size=2)
    batch.present[:] = torch.tensor([[True, False], [True, True]])
    copies, _ = all_copies(make_model(names), batch, step)
    assert copies.present[::2].tolist() == [[True, False]] * 3
    assert copies.present[1::2].tolist() == [[True, False], [False, True], [True, True]]


def test_one_pass_over_all_copies(make_model, make_batch, build, sgd):
    names = ["vector", "map"]
    model, (batch, step) = make_model(names), make_batch(names, size=4)
    build("modality-dropout", patterns="all-copies").train_batch(model, batch, step, sgd(model))
    ((_, present),) = model.trained_on
    assert present.shape == (12, 2)
    assert len(model.calls.losses) == 1


class AtInput(nn.Module):
    """A fusion at input level has no encoders in the model."""

    def forward(self, sources, present):
        return Prediction(torch.zeros(len(present), 3, requires_grad=True))


def test_a_dropped_input_without_encoder_is_the_zero_input(make_model, make_batch):
    names = ["vector", "sequence", "text"]
    batch, _ = make_batch(names, size=32)
    model = make_model([], AtInput())
    torch.manual_seed(0)
    dropped = Drop("uniform", 0.5)(model, batch)
    vector, sequence, text = dropped.present.unbind(1)
    assert not dropped.present.all()
    assert torch.equal(dropped.inputs["vector"], batch.inputs["vector"] * vector[:, None])
    assert isinstance(dropped.inputs["sequence"], Padded)
    assert not dropped.inputs["sequence"].values[~sequence].any()
    assert [bool(each) for each in dropped.inputs["text"]] == text.tolist()


def test_an_encoder_still_sees_what_is_dropped(make_model, make_batch):
    """Zeros would spoil the statistics of its normalisation; the engine blanks its representation instead."""
    batch, _ = make_batch(["vector", "map"], size=16)
    torch.manual_seed(0)
    dropped = Drop("uniform", 0.5)(make_model(["vector", "map"]), batch)
    assert not dropped.present.all()
    assert torch.equal(dropped.inputs["vector"], batch.inputs["vector"])


def test_no_drop_draws_nothing(make_model, make_batch):
    model, (batch, _) = make_model(["vector", "map"]), make_batch(["vector", "map"])
    state = torch.get_rng_state()
    assert Drop("none", 0.5)(model, batch) is batch
    assert torch.equal(torch.get_rng_state(), state)
