"""Golden numbers: official code where it could be run, else float64 from the formulas."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn.functional import cross_entropy

from brownout.engine.models import Joint
from brownout_blocks import patterns
from brownout_registry import Batch, Prediction, Step, Task
from brownout_robust_training.crafting import fgsm_step, pgd, random_start
from brownout_robust_training.mixup import mixed, partners, two_target_loss
from brownout_robust_training.stability import stability_term

TASK = Task(("a", "b", "c"), (0.5, 0.25, 0.25))
ONE = torch.ones(4, 1, dtype=torch.bool)
STEP = Step(0, 1, torch.arange(4), torch.arange(4), 4)


def close(actual, expected):
    precise = np.asarray(expected).dtype == np.float64
    np.testing.assert_allclose(actual, expected, rtol=1e-9 if precise else 1e-5, atol=1e-12 if precise else 1e-7)


class Linear(nn.Module):
    """A classifier without bias, at input level."""

    def __init__(self, W):
        super().__init__()
        self.W = nn.Parameter(torch.tensor(W))

    def forward(self, sources, present):
        return Prediction(sources["x"] @ self.W.T)


@pytest.fixture
def attack(golden):
    """``attack("fgsm")``: outputs, x, y, logits and the loss of some labels."""

    def load(case):
        content = golden("attacks_cleverhans", case)
        x, y, W1, W2 = (torch.tensor(content["inputs"][name]) for name in ("x", "y", "W1", "W2"))

        def logits(x):
            return torch.tanh(x @ W1.T) @ W2.T

        return content["outputs"], {"x": x}, y, logits

    return load


def of_labels(logits, labels, sign=1):
    return lambda inputs: sign * cross_entropy(logits(inputs["x"]), labels, reduction="sum")


@pytest.mark.parametrize(("norm", "name"), [("linf", "inf"), ("l2", "l2")])
def test_fast_gradient_method(attack, norm, name):
    out, x, y, logits = attack("fgsm")
    stepped = fgsm_step(of_labels(logits, y), x, 0.07, norm)["x"]
    close(stepped, out[f"{name}_noclip"])
    close(stepped.clamp(0, 1), out[f"{name}_clip01"])


def test_fast_gradient_method_with_predicted_and_target_labels(attack):
    out, x, y, logits = attack("fgsm")
    predicted = logits(x["x"]).argmax(1)
    assert predicted.tolist() == out["predictions"].tolist()
    close(fgsm_step(of_labels(logits, predicted), x, 0.07)["x"], out["inf_noclip_y=None(model prediction)"])
    close(fgsm_step(of_labels(logits, y, -1), x, 0.07)["x"], out["inf_targeted"])


@pytest.mark.parametrize("bounds", [None, (0.0, 1.0)])
@pytest.mark.parametrize(("norm", "name"), [("linf", "inf"), ("l2", "l2")])
def test_projected_gradient_descent(attack, norm, name, bounds):
    out, x, y, logits = attack("pgd")
    found = pgd(of_labels(logits, y), x, epsilon=0.07, step_size=0.01, steps=20, norm=norm, bounds=bounds)["x"]
    close(found, out[f"{name}_{'clip01' if bounds else 'noclip'}_norand"])


def test_projected_gradient_descent_from_a_random_start(attack):
    out, x, y, logits = attack("pgd")
    torch.manual_seed(0)
    start = random_start(x, 0.07)
    close(start["x"], out["rand_init_eta_seed0"])
    found = pgd(of_labels(logits, y), x, epsilon=0.07, step_size=0.01, steps=20, start=start)["x"]
    close(found, out["inf_noclip_rand_seed0"])


def test_the_jacobian_paper_s_attack_cannot_reach_its_budget(attack):
    out, x, y, logits = attack("pgd")
    found = pgd(of_labels(logits, y), x, epsilon=0.03, step_size=0.001, steps=20)["x"]
    close(found, out["inf_eps.03_iter.001_nb20_norand"])
    assert (found - x["x"]).abs().max() < 0.0201


@pytest.mark.parametrize("m", [1, 3])
def test_free(golden, build, sgd, m):
    """Two minibatches of the same samples: three replays each, or six without replays, are the same."""
    case = golden("robust_training", "free_adversarial")
    model = Joint({}, Linear(case["inputs"]["W0"]), TASK)
    batch = Batch({"x": torch.tensor(case["inputs"]["x"])}, torch.tensor(case["inputs"]["y"]), ONE)
    hyper, log = case["hyper"], case["outputs"]["log_2_minibatches"]
    recipe, optimiser = build("free", m=m, epsilon=hyper["eps"], range=[0, 1]), sgd(model, hyper["lr"])
    for last in range(m - 1, len(log), m):
        loss = recipe.train_batch(model, batch, STEP, optimiser)
        close(loss, np.mean([each["loss"] for each in log[last - m + 1 : last + 1]]))
        close(recipe.delta["x"], log[last]["delta"])
        close(model.fusion.W.detach(), log[last]["W"])


@pytest.mark.parametrize(
    ("form", "name"),
    [
        ("zheng", "sum -P(x) log P(x_noisy), mean over batch"),
        ("kl", "KL(P(x)||P(x_noisy))"),
        ("reverse-kl", "KL(P(x_noisy)||P(x))"),
        ("swapped", "reimplementation (swapped) soft CE"),
    ],
)
def test_stability(golden, form, name):
    case = golden("robust_training", "stability")
    clean, noisy = (torch.tensor(case["inputs"][f"{each}_logits"]) for each in ("clean", "noisy"))
    for detach in (True, False):
        close(stability_term(clean, noisy, form, detach), case["outputs"][name])
    close(cross_entropy(clean, torch.tensor(case["inputs"]["label"])), case["outputs"]["CE_clean"])


def test_mixup(golden):
    case = golden("robust_training", "mixup")
    x, y, W = (case["inputs"][name] for name in ("x", "y", "W"))
    lam, partner = case["outputs"]["lam"], torch.tensor(case["outputs"]["perm"])
    assert np.random.RandomState(case["inputs"]["np_seed"]).beta(1, 1) == lam
    torch.manual_seed(case["inputs"]["torch_seed"])
    assert torch.equal(partners(ONE), partner)
    both = mixed(torch.tensor(x), lam, partner)
    close(both, case["outputs"]["mixed"])
    model = Joint({}, Linear(W), TASK)
    loss = two_target_loss(model, model({"x": both}, ONE), torch.tensor(y), STEP, lam, partner)
    close(loss.detach(), case["outputs"]["loss"])


def test_dmrnet_s_patterns(golden):
    case = golden("modality_drop", "modality_drop")
    drawn = np.random.RandomState(case["inputs"]["numpy_seed"]).choice(7, case["inputs"]["batch"], p=[1 / 7] * 7)
    assert torch.equal(patterns(3)[drawn].float(), torch.tensor(case["outputs"]["p"]))
