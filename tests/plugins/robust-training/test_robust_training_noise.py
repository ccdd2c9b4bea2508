"""Stability training and mixup."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.nn.functional import cross_entropy

from brownout_registry import Padded
from brownout_robust_training.mixup import mixed, partners
from brownout_robust_training.stability import deviation, stability_term

FORMS = ["zheng", "kl", "reverse-kl", "swapped"]


@pytest.mark.parametrize("form", FORMS)
def test_loss_is_the_model_s_own_plus_alpha_times_the_term(make_model, make_batch, build, sgd, form):
    names = ["vector", "sequence"]
    model, (batch, step) = make_model(names), make_batch(names)
    loss = build("stability", form=form, alpha=2.0, sigma=0.5).train_batch(model, batch, step, sgd(model, 0.0))
    (clean, _), (noisy, _) = model.trained_on
    assert clean == batch.inputs
    assert not torch.equal(noisy["vector"], batch.inputs["vector"])
    logits = [model(inputs, batch.present).logits.detach() for inputs in (clean, noisy)]
    expected = cross_entropy(logits[0], batch.targets) + 2 * stability_term(*logits, form)
    assert loss == pytest.approx(float(expected))
    assert len(model.calls.losses) == 1


@pytest.mark.parametrize("form", FORMS)
def test_what_detaching_changes(form):
    torch.manual_seed(0)
    clean, noisy = (torch.randn(4, 3, dtype=torch.float64, requires_grad=True) for _ in range(2))
    stability_term(clean, noisy, form, detach=True).backward()
    constant, moving = (clean, noisy) if form in ("zheng", "kl") else (noisy, clean)
    assert constant.grad is None or not constant.grad.any()
    p, q = constant.detach().softmax(1), moving.detach().softmax(1)
    torch.testing.assert_close(moving.grad, (q - p) / 4)


def test_forms_that_differ_by_an_entropy_have_the_same_gradient_only_when_detached():
    torch.manual_seed(0)
    gradients = {}
    for detach in (True, False):
        for form in ("zheng", "kl"):
            clean, noisy = (
                torch.randn(4, 3, generator=torch.Generator().manual_seed(1)).requires_grad_(),
                torch.ones(4, 3),
            )
            noisy = (noisy * clean.detach().flip(1)).requires_grad_()
            stability_term(clean, noisy, form, detach).backward()
            gradients[form, detach] = torch.stack(
                [torch.zeros(4, 3) if g is None else g for g in (clean.grad, noisy.grad)]
            )
    torch.testing.assert_close(gradients["zheng", True], gradients["kl", True])
    assert (gradients["zheng", False] - gradients["kl", False]).abs().max() > 0.01


@pytest.mark.parametrize(("unit", "scale"), [("absolute", 1.0), ("batch-std", 7.0)])
def test_noise_has_its_unit_and_stays_off_padding_and_what_is_absent(make_model, make_batch, build, sgd, unit, scale):
    names = ["vector", "sequence"]
    model, (batch, step) = make_model(names), make_batch(names, size=4000, missing=0.3)
    batch.inputs["vector"] = torch.randn(4000, 4) * 7 * batch.present[:, :1]
    build("stability", sigma=0.1, unit=unit).train_batch(model, batch, step, sgd(model))
    noisy = model.trained_on[1][0]
    change = noisy["vector"] - batch.inputs["vector"]
    assert not change[~batch.present[:, 0]].any()
    torch.testing.assert_close(change[batch.present[:, 0]].std(0), torch.full((4,), 0.1 * scale), rtol=0.1, atol=0)
    padding = torch.arange(5) >= batch.inputs["sequence"].lengths[:, None]
    assert not noisy["sequence"].values[padding | ~batch.present[:, 1:]].any()
    assert noisy["sequence"].values[~padding & batch.present[:, 1:]].ne(0).all()


def test_deviation_of_each_feature():
    torch.manual_seed(0)
    everywhere = torch.ones(6, dtype=torch.bool)
    maps = torch.randn(6, 3, 4, 5)
    spread = maps.std((0, 2, 3), correction=0, keepdim=True)
    torch.testing.assert_close(deviation(maps, everywhere.reshape(6, 1, 1, 1)), spread)
    wave = Padded(torch.randn(6, 9), torch.full((6,), 9))
    torch.testing.assert_close(deviation(wave, everywhere[:, None]), wave.values.std(correction=0).reshape(1, 1))
    assert not deviation(maps, ~everywhere.reshape(6, 1, 1, 1)).any()


@given(st.integers(0, 1000), st.integers(1, 40), st.integers(1, 4), st.floats(0, 1))
@settings(deadline=None, max_examples=60)
def test_partners_have_the_same_modalities(seed, size, modalities, missing):
    torch.manual_seed(seed)
    present = torch.rand(size, modalities) >= missing
    partner = partners(present)
    assert partner.sort().values.tolist() == list(range(size))
    assert torch.equal(present[partner], present)


def test_partners_are_drawn_evenly():
    torch.manual_seed(0)
    present = torch.tensor([[True, True], [True, False], [True, True], [True, True]])
    drawn = torch.stack([partners(present) for _ in range(3000)])
    assert (drawn[:, 1] == 1).all()
    for row in (0, 2, 3):
        share = torch.bincount(drawn[:, row], minlength=4) / 3000
        torch.testing.assert_close(share, torch.tensor([1 / 3, 0, 1 / 3, 1 / 3]), atol=0.04, rtol=0)


def test_mixed_sequences_are_as_long_as_the_longer_one():
    values = torch.tensor([[1.0, 1.0, 0.0], [2.0, 0.0, 0.0]])
    found = mixed(Padded(values, torch.tensor([2, 1])), 0.75, torch.tensor([1, 0]))
    assert found.lengths.tolist() == [2, 2]
    assert found.values.tolist() == [[1.25, 0.75, 0.0], [1.75, 0.25, 0.0]]


def test_all_modalities_share_weight_and_partner(make_model, make_batch, build, sgd):
    names = ["vector", "map", "sequence"]
    model, (batch, step) = make_model(names), make_batch(names, size=16)
    torch.manual_seed(3)
    loss = build("mixup").train_batch(model, batch, step, sgd(model, 0.0))
    ((inputs, present),) = model.trained_on
    assert torch.equal(present, batch.present)
    (own, other), (one, two) = model.calls.steps, model.calls.losses
    partner = other.rows
    assert torch.equal(own.rows, torch.arange(16))
    assert torch.equal(model.calls.targets[1], batch.targets[partner])
    assert torch.equal(other.ids, step.ids[partner])
    moved = (partner != own.rows).nonzero().squeeze(1)
    x = batch.inputs["vector"]
    lam = ((inputs["vector"] - x[partner])[moved] / (x - x[partner])[moved]).median()
    assert 0 < lam < 1
    for name in names:
        clean, both = (each.values if isinstance(each, Padded) else each for each in (batch.inputs[name], inputs[name]))
        torch.testing.assert_close(both, lam * clean + (1 - lam) * clean[partner], rtol=1e-3, atol=1e-4)
    assert loss == pytest.approx(float(lam * one + (1 - lam) * two), rel=1e-3)


def test_alpha_is_the_beta_distribution_s(make_model, make_batch, build, sgd):
    model, (batch, step) = make_model(["vector"]), make_batch(["vector"], size=2)
    batch.inputs["vector"] = torch.tensor([[0.0] * 4, [1.0] * 4])
    torch.manual_seed(0)
    far = {}
    for alpha in (0.1, 10.0):
        model.trained_on.clear()
        for _ in range(60):
            build("mixup", alpha=alpha).train_batch(model, batch, step, sgd(model, 0.0))
        values = torch.stack([inputs["vector"][0, 0] for inputs, _ in model.trained_on])
        far[alpha] = (values[values > 0] - 0.5).abs().mean()
    assert far[0.1] > 0.3
    assert far[10.0] < 0.15


def test_a_drawn_target_has_the_same_loss_on_average(make_model, make_batch, build, sgd):
    model, (batch, step) = make_model(["vector"]), make_batch(["vector"])
    means = {}
    for targets in ("both", "draw"):
        torch.manual_seed(0)
        recipe = build("mixup", targets=targets)
        means[targets] = sum(recipe.train_batch(model, batch, step, sgd(model, 0.0)) for _ in range(400)) / 400
    assert means["draw"] == pytest.approx(means["both"], rel=0.03)
    assert len(model.calls.losses) == 400 * 3
