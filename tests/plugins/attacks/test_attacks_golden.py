"""FGSM and PGD against cleverhans and foolbox.

``attacks_foolbox.json`` was made with foolbox 3.3.4 on ``tanh(x W1^T) W2^T`` in float32: its fast gradient attacks
and its projected gradient descent (``abs_stepsize``), from the clean input and from ``x + start (2 u - 1) eps``,
which took the place of its ``get_random_start``. With foolbox installed the same runs are made here again.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

NORMS = {"linf": "", "l2": "-l2"}
CLEVERHANS = {"inf": "fgsm", "l2": "fgsm-l2", "l1": "fgsm-l1"}


class Given:
    """Noise that is given."""

    def __init__(self, draws):
        self.draws = draws

    def uniform(self, label, shape=()):
        assert tuple(self.draws.shape[1:]) == shape
        return self.draws


@pytest.fixture
def case(golden, attacked_by):
    """``case(file, "pgd", budget, bounds, draws)``: what is attacked, and the outputs."""

    def load(file, name, budget, bounds=None, draws=None):
        content = golden(file, name)
        x, y, W1, W2 = (torch.tensor(content["inputs"][each]) for each in ("x", "y", "W1", "W2"))
        attacked = attacked_by({"x": x}, y, lambda inputs, rows: torch.tanh(inputs["x"] @ W1.T) @ W2.T, budget, bounds)
        limits = bounds and (torch.tensor(bounds[0]), torch.tensor(bounds[1]))
        return replace(attacked, bounds={"x": limits}, noise={"x": Given(draws)}), content["outputs"]

    return load


def close(actual, expected):
    np.testing.assert_allclose(actual, expected, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("bounds", [None, (0.0, 1.0)])
@pytest.mark.parametrize("norm", CLEVERHANS)
def test_fgsm_is_cleverhans_s(build, case, norm, bounds):
    attacked, out = case("attacks_cleverhans", "fgsm", 0.07, bounds)
    close(build(CLEVERHANS[norm])(attacked)["x"], out[f"{norm}_{'clip01' if bounds else 'noclip'}"])


def test_cleverhans_s_step_towards_a_label_is_fgsm_s_the_other_way(build, case):
    attacked, out = case("attacks_cleverhans", "fgsm", 0.07)
    close(2 * attacked.inputs["x"] - build("fgsm")(attacked)["x"], out["inf_targeted"])


def test_fgsm_of_the_predicted_label_is_cleverhans_s(build, case):
    attacked, out = case("attacks_cleverhans", "fgsm", 0.07)
    assert attacked.logits(attacked.inputs).argmax(1).tolist() == out["predictions"].tolist()
    close(build("fgsm", "cleverhans")(attacked)["x"], out["inf_noclip_y=None(model prediction)"])
    other = replace(attacked, targets=(attacked.targets + 1) % 3)
    close(build("fgsm", label="predicted")(other)["x"], out["inf_noclip_y=None(model prediction)"])


@pytest.mark.parametrize("bounds", [None, (0.0, 1.0)])
@pytest.mark.parametrize(("norm", "key"), [("linf", "inf"), ("l2", "l2")])
def test_pgd_is_cleverhans_s(build, case, norm, key, bounds):
    attacked, out = case("attacks_cleverhans", "pgd", 0.07, bounds)
    attack = build(f"pgd{NORMS[norm]}", step_size=0.01, step_unit="absolute", random_start=False)
    close(attack(attacked)["x"], out[f"{key}_{'clip01' if bounds else 'noclip'}_norand"])


def test_pgd_from_cleverhans_s_random_start(build, case, golden):
    eta = torch.tensor(golden("attacks_cleverhans", "pgd")["outputs"]["rand_init_eta_seed0"])
    attacked, out = case("attacks_cleverhans", "pgd", 0.07, draws=(eta / 0.07 + 1) / 2)
    close(build("pgd", step_size=0.01, step_unit="absolute")(attacked)["x"], out["inf_noclip_rand_seed0"])


def test_the_jacobian_paper_s_attack_reaches_its_budget_from_a_random_start_alone(build, case):
    attacked, out = case("attacks_cleverhans", "pgd", 0.03, draws=torch.full((4, 6), 1.0))
    found = build("pgd", "jacobian-2022", random_start=False)(attacked)["x"]
    close(found, out["inf_eps.03_iter.001_nb20_norand"])
    assert (found - attacked.inputs["x"]).abs().max() < 0.0201
    randomly = build("pgd", "jacobian-2022")(attacked)["x"]
    assert (randomly - attacked.inputs["x"]).abs().max() > 0.0299


@pytest.fixture
def foolbox_case(case, golden):
    """``foolbox_case("pgd", "l2", started=True)``: what is attacked, outputs by norm, hyper-parameters."""

    def load(name, norm, started=False):
        content = golden("attacks_foolbox", name)
        hyper, u = content["hyper"], torch.tensor(content["inputs"]["u"])
        draws = (hyper["start"][norm] * (2 * u - 1) + 1) / 2 if started else None
        bounds = tuple(map(float, hyper["bounds"][norm]))
        attacked, out = case("attacks_foolbox", name, hyper["eps"][norm], bounds, draws)
        return attacked, out[f"{norm}_start" if started else norm], hyper, bounds

    return load


@pytest.mark.parametrize("norm", NORMS)
def test_fgsm_agrees_with_foolbox(build, foolbox_case, norm):
    attacked, out, _, _ = foolbox_case("fgsm", norm)
    np.testing.assert_allclose(build(f"fgsm{NORMS[norm]}")(attacked)["x"], out, rtol=0, atol=1e-5)


@pytest.mark.parametrize("started", [False, True])
@pytest.mark.parametrize("norm", NORMS)
def test_pgd_agrees_with_foolbox(build, foolbox_case, norm, started):
    attacked, out, hyper, _ = foolbox_case("pgd", norm, started)
    options = {"steps": hyper["steps"], "step_size": hyper["step"][norm], "step_unit": "absolute"}
    found = build(f"pgd{NORMS[norm]}", random_start=started, **options)(attacked)["x"]
    np.testing.assert_allclose(found, out, rtol=0, atol=1e-5)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", ["fgsm", "pgd"])
@pytest.mark.parametrize("norm", NORMS)
def test_foolbox_itself_agrees(build, foolbox_case, norm, name):
    foolbox = pytest.importorskip("foolbox", reason="foolbox is not installed; its stored numbers are compared above")
    attacked, _, hyper, bounds = foolbox_case(name, norm)
    kind = {"linf": "Linf", "l2": "L2"}[norm]
    if name == "fgsm":
        theirs, options = getattr(foolbox.attacks, f"{kind}FastGradientAttack")(), {}
    else:
        steps = {"steps": hyper["steps"], "random_start": False}
        make = getattr(foolbox.attacks, f"{kind}ProjectedGradientDescentAttack")
        theirs = make(abs_stepsize=hyper["step"][norm], **steps)
        options = {"step_size": hyper["step"][norm], "step_unit": "absolute", **steps}

    class Model(torch.nn.Module):
        def forward(self, x):
            return attacked.logits({"x": x})

    model = foolbox.PyTorchModel(Model().eval(), bounds=bounds, device="cpu")
    expected = theirs.run(model, attacked.inputs["x"], attacked.targets, epsilon=hyper["eps"][norm])
    torch.testing.assert_close(build(f"{name}{NORMS[norm]}", **options)(attacked)["x"], expected, rtol=0, atol=1e-5)
