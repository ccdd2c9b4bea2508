"""Adversarial and free training."""

from __future__ import annotations

from functools import partial

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn
from torch.nn.functional import cross_entropy

from brownout.engine.models import Joint
from brownout_blocks import direction, project
from brownout_registry import Batch, Padded, Prediction, Step, Task
from brownout_robust_training.common import evaluating
from brownout_robust_training.crafting import fgsm_step, pgd, random_start

NAMES = ["vector", "map", "sequence"]


def numbers(inputs):
    return inputs.values if isinstance(inputs, Padded) else inputs


@given(st.integers(0, 1000), st.sampled_from(["linf", "l2"]), st.floats(0.01, 10))
@settings(deadline=None, max_examples=30)
def test_steps_have_length_one_and_projections_stay_in_the_ball(seed, norm, epsilon):
    torch.manual_seed(seed)
    values = torch.randn(4, 2, 3, dtype=torch.float64) * 10 ** torch.randn(4, 1, 1)
    length = partial(torch.linalg.vector_norm, ord=float("inf") if norm == "linf" else 2, dim=1)
    torch.testing.assert_close(length(direction(values, norm).flatten(1)), torch.ones(4, dtype=torch.float64))
    projected = project(values, epsilon, norm)
    assert (length(projected.flatten(1)) <= epsilon * (1 + 1e-9)).all()
    inside = length(values.flatten(1)) <= epsilon
    torch.testing.assert_close(projected[inside], values[inside])
    assert not direction(torch.zeros(2, 3), norm).any()


def test_an_input_that_the_loss_does_not_use_stays():
    x = {"used": torch.ones(1, 2), "unused": torch.ones(1, 2)}
    stepped = fgsm_step(lambda inputs: inputs["used"].sum(), x, 0.5)
    assert stepped["used"].tolist() == [[1.5, 1.5]]
    assert torch.equal(stepped["unused"], x["unused"])


def test_one_step_from_the_input_itself_is_the_fast_gradient_method():
    x = {"x": torch.rand(4, 3)}
    loss_of = lambda inputs: inputs["x"].pow(3).sum()  # noqa: E731
    torch.testing.assert_close(
        pgd(loss_of, x, epsilon=0.1, step_size=0.1, steps=1)["x"], fgsm_step(loss_of, x, 0.1)["x"]
    )


def test_a_random_start_is_inside_ball_range_and_room():
    x = {"x": torch.full((50, 4), 0.95)}
    start, room = random_start(x, 0.2), {"x": torch.tensor([True, True, True, False])}
    assert start["x"].abs().max() > 0.15
    found = pgd(
        lambda inputs: inputs["x"].sum() * 0,
        x,
        epsilon=0.2,
        step_size=0.1,
        steps=1,
        norm="l2",
        bounds=(0.0, 1.0),
        start=start,
        rooms=room,
    )["x"]
    assert found.min() >= 0.75
    assert found.max() <= 1
    assert (found - x["x"]).norm(dim=1).max() <= 0.2 + 1e-6
    assert torch.equal(found[:, 3], x["x"][:, 3])
    assert not torch.equal(found[:, 0], x["x"][:, 0])


@pytest.mark.parametrize("norm", ["linf", "l2"])
def test_adversarial_inputs_are_close_and_worse(make_model, make_batch, build, norm):
    model, (batch, _) = make_model(NAMES, norm=True, dropout=0.5), make_batch(NAMES, size=32, missing=0.3)
    state = {name: value.clone() for name, value in model.state_dict().items()}
    recipe = build("adversarial", epsilon=0.3, norm=norm, range=[0, 1])
    with evaluating(model):
        assert not any(module.training for module in [*model.encoders.modules(), *model.fusion.modules()])
        found = recipe.crafted(model, batch)
        before, after = (
            cross_entropy(model(inputs, batch.present).logits, batch.targets, reduction="none")
            for inputs in (batch.inputs, found)
        )
    assert (after > before).all()
    assert all(each.grad is None for each in model.parameters())
    assert all(torch.equal(value, state[name]) for name, value in model.state_dict().items())
    for column, name in enumerate(NAMES):
        clean, moved = numbers(batch.inputs[name]), numbers(found[name])
        there = batch.present[:, column]
        delta = (moved - clean).flatten(1)
        assert torch.linalg.vector_norm(delta, ord=float("inf") if norm == "linf" else 2, dim=1).max() < 0.3 + 1e-6
        assert delta[there].any(1).all()
        assert not delta[~there].any()
        assert moved.min() >= 0
        assert moved.max() <= 1
    padding = torch.arange(5) >= batch.inputs["sequence"].lengths[:, None]
    assert not found["sequence"].values[padding].any()
    assert torch.equal(found["sequence"].lengths, batch.inputs["sequence"].lengths)


def test_crafting_leaves_no_trace_in_the_statistics(make_model, make_batch, build, sgd):
    """Batch normalisation sees one batch, the adversarial one, as if that had been given to plain training."""
    model, (batch, step) = make_model(NAMES, norm=True), make_batch(NAMES, size=32)
    build("adversarial", epsilon=0.2).train_batch(model, batch, step, sgd(model))
    ((inputs, present),) = model.trained_on
    plain = make_model(NAMES, norm=True)
    plain.loss(plain(inputs, present), batch.targets, step)
    for name, value in plain.named_buffers():
        assert torch.equal(value, dict(model.named_buffers())[name]), name


def test_modes_are_restored_even_after_an_error_and_frozen_parts_stay_frozen(make_model):
    model = make_model(["vector"], norm=True)
    model.encoders["vector"].recurrent = nn.GRU(2, 2)
    model.encoders["vector"].layers.eval()

    def fail():
        with evaluating(model):
            assert not model.fusion.training
            assert model.encoders["vector"].recurrent.training  # cuDNN gives no gradients in evaluation mode
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    assert model.fusion.training
    assert not any(module.training for module in model.encoders["vector"].layers.modules())


def test_a_share_of_the_samples_stays_clean(make_model, make_batch, build, sgd):
    model, (batch, step) = make_model(["vector"]), make_batch(["vector"], size=400)
    torch.manual_seed(0)
    for clean, low, high in [(0.0, 0, 0), (0.25, 70, 130), (1.0, 400, 400)]:
        build("adversarial", clean=clean, steps=1).train_batch(model, batch, step, sgd(model))
        inputs, _ = model.trained_on[-1]
        assert low <= int((inputs["vector"] == batch.inputs["vector"]).all(1).sum()) <= high


def test_the_attack_sees_what_is_dropped(make_model, make_batch, build, sgd):
    names = ["vector", "map"]
    model, (batch, step) = make_model(names), make_batch(names, size=64)
    torch.manual_seed(0)
    build("adversarial", drop="uniform").train_batch(model, batch, step, sgd(model))
    inputs, present = model.trained_on[-1]
    moved = (inputs["vector"] != batch.inputs["vector"]).any(1)
    assert not present.all()
    assert torch.equal(moved, present[:, 0])


class Line(nn.Module):
    """Logistic regression at input level."""

    def __init__(self, width):
        super().__init__()
        self.layer = nn.Linear(width, 2)
        nn.init.zeros_(self.layer.weight)

    def forward(self, sources, present):
        return Prediction(self.layer(sources["x"]))


def test_an_attack_does_not_depend_on_how_many_are_attacked(build):
    """The mean over a batch would drown a sure prediction's gradient in what guards the division."""
    model = Joint({}, Line(3), Task(("a", "b"), (0.5, 0.5))).train()
    with torch.no_grad():
        model.fusion.layer.weight.copy_(torch.tensor([[1e-5] * 3, [-1e-5] * 3]))
    batch = Batch({"x": torch.zeros(200, 3)}, torch.zeros(200, dtype=torch.long), torch.ones(200, 1).bool())
    recipe = build("adversarial", norm="l2", epsilon=0.5, steps=1, random_start=False)
    torch.testing.assert_close(recipe.crafted(model, batch)["x"].norm(dim=1), torch.full((200,), 0.5))


@pytest.mark.parametrize(("name", "options"), [("adversarial", {"epsilon": 0.1}), ("free", {"m": 4, "epsilon": 0.1})])
def test_features_weaker_than_the_attack_are_given_up(build, name, options):
    """One strong feature that errs and fifty weak ones that are right together (Tsipras et al., 2019)."""
    torch.manual_seed(0)
    y = torch.arange(200) % 2
    sign = (2.0 * y - 1)[:, None]
    strong = sign * torch.where(torch.arange(200) % 10 < 8, 1.0, -1.0)[:, None]
    x = torch.cat([strong, 0.05 * sign + 0.02 * torch.randn(200, 50)], 1)
    batch, step = Batch({"x": x}, y, torch.ones(200, 1, dtype=torch.bool)), Step(0, 1, y, y, 200)
    shares = {}
    for recipe in (build("modality-dropout"), build(name, **options)):
        model = Joint({}, Line(51), Task(("a", "b"), (0.5, 0.5))).train()
        optimiser = torch.optim.SGD(model.parameters(), lr=0.5)
        for _ in range(60):
            recipe.train_batch(model, batch, step, optimiser)
        weight = (model.fusion.layer.weight[1] - model.fusion.layer.weight[0]).detach().abs()
        shares[type(recipe).__name__] = float(weight[1:].mean() / weight[0])
    regular, robust = shares.values()
    assert regular > 0.04
    assert robust < regular / 2


def test_free_replays_with_a_perturbation_that_outlives_the_batch(make_model, make_batch, build, sgd):
    names = ["vector", "sequence"]
    model, recipe = make_model(names), build("free", m=3, epsilon=0.1)
    optimiser = sgd(model)
    recipe.train_batch(model, *make_batch(names, size=8), optimiser)
    assert len(model.calls.losses) == len(model.trained_on) == 3
    first, _ = make_batch(names, size=8)
    assert torch.equal(model.trained_on[0][0]["vector"], first.inputs["vector"])  # it starts at zero
    assert not torch.equal(model.trained_on[1][0]["vector"], first.inputs["vector"])
    delta = {name: each.clone() for name, each in recipe.delta.items()}
    assert delta["vector"].shape == (8, 4)
    assert delta["vector"].abs().max() <= 0.1 + 1e-7

    small, step = make_batch(names, size=5, seed=1)
    recipe.train_batch(model, small, step, optimiser)
    torch.testing.assert_close(model.trained_on[3][0]["vector"], small.inputs["vector"] + delta["vector"][:5])
    assert torch.equal(recipe.delta["vector"][5:], delta["vector"][5:])

    large, step = make_batch(names, size=9, seed=2)
    kept = recipe.delta["vector"].clone()
    recipe.train_batch(model, large, step, optimiser)
    torch.testing.assert_close(model.trained_on[6][0]["vector"][:8], large.inputs["vector"][:8] + kept)
    assert torch.equal(model.trained_on[6][0]["vector"][8], large.inputs["vector"][8])
    assert recipe.delta["vector"].shape == (9, 4)


def test_free_keeps_padding_and_range_and_copes_with_shorter_sequences(make_model, make_batch, build, sgd):
    model, recipe = make_model(["sequence"]), build("free", m=2, epsilon=0.3, range=[0.0, 1.0])
    batch, step = make_batch(["sequence"])
    optimiser = sgd(model)
    recipe.train_batch(model, batch, step, optimiser)
    steps = int(batch.inputs["sequence"].lengths.min())
    cut = Padded(batch.inputs["sequence"].values[:, :steps], batch.inputs["sequence"].lengths.clamp(max=steps))
    recipe.train_batch(model, Batch({"sequence": cut}, batch.targets, batch.present), step, optimiser)
    assert recipe.delta["sequence"].shape == batch.inputs["sequence"].values.shape
    for seed in range(1, 4):  # what was real in one batch is padding or absent in the next
        recipe.train_batch(model, *make_batch(["sequence"], seed=seed), optimiser)
    for inputs, _ in model.trained_on:
        values, lengths = inputs["sequence"].values, inputs["sequence"].lengths
        assert not values[torch.arange(values.shape[1]) >= lengths[:, None]].any()
        assert values.min() >= 0
        assert values.max() <= 1


def test_free_leaves_alone_what_is_absent(make_model, make_batch, build, sgd):
    names = ["vector", "map"]
    model, recipe = make_model(names), build("free", range=[0.5, 1.0])
    for seed in range(3):
        batch, step = make_batch(names, missing=0.5, seed=seed)
        recipe.train_batch(model, batch, step, sgd(model))
        inputs, _ = model.trained_on[-1]
        assert recipe.delta["vector"].any()
        assert not inputs["vector"][~batch.present[:, 0]].any()


def test_free_s_perturbation_belongs_to_one_fit(build):
    assert build("free").delta is not build("free").delta
