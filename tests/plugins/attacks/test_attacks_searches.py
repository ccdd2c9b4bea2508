"""Each search against what its paper says, on its own."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from torch.nn.functional import cross_entropy

from brownout_attacks.apgd import checkpoints
from brownout_attacks.losses import dlr, margin
from brownout_registry import UsageError


def auto_pgd(f, x0, epsilon, steps, step):
    """Algorithm 1 of Croce & Hein 2020, for one sample without a range; best point and loss."""

    def up(x):
        leaf = x.clone().requires_grad_()
        value = f(leaf)
        (gradient,) = torch.autograd.grad(value, leaf)
        return value.item(), gradient

    def project(x):
        delta = x - x0
        return x0 + (
            delta.clamp(-epsilon, epsilon)
            if step is torch.sign
            else delta * min(1, epsilon / max(delta.norm(), 1e-300))
        )

    xs, eta = [x0], 2 * epsilon
    f0, g = up(x0)
    xs.append(project(x0 + eta * step(g)))
    f1, _ = up(xs[1])
    f_max, x_max = (f1, xs[1]) if f1 > f0 else (f0, x0)
    rises, W = [f1 > f0], checkpoints(steps)
    last, eta_last, max_last = 0, eta, f_max
    for k in range(1, steps):
        f_k, g = up(xs[k])
        z = project(xs[k] + eta * step(g))
        new = project(xs[k] + 0.75 * (z - xs[k]) + 0.25 * (xs[k] - xs[k - 1]))
        f_new, _ = up(new)
        if f_new > f_max:
            f_max, x_max = f_new, new
        if k in W:
            condition_1 = sum(rises[last:k]) < 0.75 * (k - last)
            condition_2 = eta_last == eta and max_last == f_max
            last, eta_last, max_last = k, eta, f_max
            if condition_1 or condition_2:
                eta, new, f_new = eta / 2, x_max, f_max
        rises.append(f_new > f_k)
        xs.append(new)
    return x_max, f_max


@pytest.mark.parametrize("name", ["apgd", "apgd-l2"])
@pytest.mark.parametrize("steps", [1, 2, 13, 60])
def test_apgd_is_algorithm_1_for_each_sample(build, scene, name, steps):
    """With a loss that is largest where the model is fooled, the best point is the result."""
    attacked = scene(["vector"], 0.8, size=6, bounds=None, seed=1)
    found = build(name, steps=steps, random_start=False, loss="margin")(attacked)["vector"]
    step = torch.sign if name == "apgd" else lambda g: g / g.norm()
    for row, target in enumerate(attacked.targets.tolist()):

        def f(x, row=row, target=target):
            logits = attacked.logits({"vector": attacked.inputs["vector"].index_put((torch.tensor([row]),), x)})[row]
            return torch.cat([logits[:target], logits[target + 1 :]]).max() - logits[target]

        x, value = auto_pgd(f, attacked.inputs["vector"][row], 0.8, steps, step)
        torch.testing.assert_close(found[row], x, rtol=1e-7, atol=1e-9)
        torch.testing.assert_close(f(found[row]).item(), value)


def test_apgd_s_checkpoints_are_those_of_the_paper():
    assert checkpoints(100) == [0, 22, 41, 57, 70, 80, 87, 93, 99]
    assert checkpoints(1) == [0, 1, 1, 1, 1, 1, 1, 1, 1]


@pytest.mark.parametrize("norm", ["", "-l2"])
def test_apgd_finds_what_pgd_finds(build, scene, norm):
    attacked = scene(["image"], 0.03 if not norm else 0.2, size=200, seed=2)
    counts = [
        int((attacked.logits(build(f"{name}{norm}", steps=40)(attacked)).argmax(1) != attacked.targets).sum())
        for name in ("pgd", "apgd")
    ]
    assert counts[1] >= counts[0] - 2


def test_dlr_ignores_shift_and_scale_and_needs_three_classes(build, scene):
    logits, labels = torch.randn(9, 4, dtype=torch.float64), torch.arange(9) % 4
    torch.testing.assert_close(dlr(5 * logits - 2, labels), dlr(logits, labels))
    assert torch.equal(dlr(logits, labels) > 0, logits.argmax(1) != labels)
    assert torch.equal(margin(logits, labels) > 0, logits.argmax(1) != labels)
    attacked = scene(["vector"])
    two = replace(attacked, logits=lambda inputs, rows=None: inputs["vector"][:, :2], targets=attacked.targets % 2)
    with pytest.raises(UsageError, match="loss 'dlr' needs 3 classes or more, here are 2; take 'margin'"):
        build("pgd", loss="dlr")(two)


@pytest.mark.parametrize("loss", ["dlr", "margin"])
def test_other_losses_go_where_the_cross_entropy_is_flat(build, attacked_by, loss):
    """Logits so large that the float32 cross-entropy is zero, and so is its gradient."""
    x, W = torch.tensor([[0.2, 0.1, 0.1]]), 3000 * torch.eye(3)
    attacked = attacked_by({"x": x}, torch.tensor([0]), lambda inputs, rows: inputs["x"] @ W.T, 0.1)
    plain, other = (build("pgd", random_start=False, loss=each)(attacked)["x"] for each in ("cross-entropy", loss))
    assert torch.equal(plain, x)
    assert attacked.logits({"x": other}).argmax(1) != 0


@pytest.mark.parametrize("name", ["pgd", "apgd"])
def test_restarts_find_more_and_leave_what_was_found(build, scene, name):
    attacked = scene(["vector"], 0.25, size=300, seed=5)
    found = [build(name, steps=3, restarts=restarts)(attacked) for restarts in (1, 6)]
    once, often = (attacked.logits(each).argmax(1) != attacked.targets for each in found)
    assert (often >= once).all()
    assert often.sum() > once.sum()
    torch.testing.assert_close(found[0]["vector"][once], found[1]["vector"][once])


def test_a_restart_asks_only_for_what_withstands(build, scene):
    attacked, asked = scene(["vector"], 0.25, size=50, seed=5), []

    def logits(inputs, rows=None):
        asked.append(len(inputs["vector"]))
        return attacked.logits(inputs, rows)

    build("pgd", steps=1, restarts=3)(replace(attacked, logits=logits))
    assert asked[:2] == [50, 50]
    assert all(0 < count < 50 for count in asked[2:])


def test_an_absolute_step_is_the_same_whatever_the_budget(build, scene):
    attack = build("pgd", steps=1, step_size=0.01, step_unit="absolute", random_start=False)
    attacked = scene(["vector", "sequence"], {"vector": 0.5, "sequence": 0.02}, bounds=None)
    for name, x in attack(attacked).items():
        torch.testing.assert_close((x - attacked.inputs[name]).abs(), torch.full_like(x, 0.01))
    shares = build("pgd", steps=1, step_size=0.1, random_start=False)(attacked)
    for name, x in shares.items():
        torch.testing.assert_close((x - attacked.inputs[name]).abs(), torch.full_like(x, 0.1 * attacked.budgets[name]))


def test_carlini_and_wagner_find_the_distance_to_a_plane(build, attacked_by):
    torch.manual_seed(0)
    x, w = torch.rand(8, 5, dtype=torch.float64), torch.randn(5, dtype=torch.float64)
    W = torch.stack([w, -w])
    logits = lambda inputs, rows: inputs["x"] @ W.T - (W @ torch.full((5,), 0.5).double())  # noqa: E731
    y = (((x - 0.5) @ w) < 0).long()
    for bounds in (None, (-5.0, 5.0)):
        attacked = attacked_by({"x": x}, y, logits, 1.0, bounds)
        found = build("cw-l2", steps=100)(attacked)["x"]
        distance = ((x - 0.5) @ w).abs() / w.norm()
        assert (attacked.logits({"x": found}).argmax(1) != y).all()
        np.testing.assert_allclose((found - x).norm(dim=1), distance, rtol=0.1, atol=0.02)
    sure = build("cw-l2", steps=100, confidence=0.5)(attacked)["x"]
    assert (margin(attacked.logits({"x": sure}), y) >= 0.5 - 1e-6).all()
    small = replace(attacked, budgets={"x": 0.01})
    cut = (build("cw-l2", steps=50)(small)["x"] - x).norm(dim=1)
    assert (cut <= 0.01 + 1e-9).all()
    torch.testing.assert_close(cut[distance > 0.03], torch.full_like(cut[distance > 0.03], 0.01))


def test_carlini_and_wagner_leave_what_is_wrong_already(build, scene):
    attacked = scene(["vector"], 1.0, size=30)
    wrong = attacked.logits(attacked.inputs).argmax(1) != attacked.targets
    found = build("cw-l2", steps=20, search_steps=2)(attacked)["vector"]
    assert torch.equal(found[wrong], attacked.inputs["vector"][wrong])


def test_tiny_gradients_count_like_others(build, attacked_by):
    """A sure prediction's gradient is small, and its square is zero in float32."""
    x, W = torch.zeros(1, 3), torch.tensor([[3e-25, 0.0, -4e-25], [0.0, 0.0, 0.0]])
    attacked = attacked_by({"x": x}, torch.tensor([0]), lambda inputs, rows: inputs["x"] @ W.T, 1.0)
    torch.testing.assert_close(build("fgsm-l2")(attacked)["x"], torch.tensor([[-0.6, 0.0, 0.8]]))
    assert cross_entropy(attacked.logits({"x": x}), torch.tensor([0])) > 0
