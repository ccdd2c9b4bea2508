"""Golden numbers: computed independently from the paper, in float64."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional

from brownout_metrics.classification import accuracy, unweighted_accuracy
from brownout_raml.formulas import (
    FLOOR,
    fused_sigma,
    present_softmax,
    redundancy,
    redundancy_weights,
    supremum_coarse,
    supremum_fine,
    supremum_uniform,
)
from brownout_raml.fusion import Raml
from brownout_registry import Prediction, Representation, Step, Stored, Task

TASK = Task(("a", "b", "c"), (0.5, 0.25, 0.25))
STEP = Step(0, 1, torch.arange(4), torch.arange(4), 4)
L_D = "L_D_per_sample(eq 3: weights over ALL modalities, no delta)"
TOTAL = "totals(l1=l2=1): LM+LU+LD, batch mean"


def close(actual, expected):
    np.testing.assert_allclose(actual.detach().numpy(), expected, rtol=1e-9, atol=1e-12)


def by_sample(array):
    """The golden arrays have modalities first."""
    return torch.as_tensor(array).movedim(0, 1)


@pytest.fixture(params=["all", "mixed"])
def case(request, golden):
    """Inputs as tensors ``[B, M, D]``, the mask, and the outputs under it."""
    raw = golden("raml", "weights_fusion_losses")
    inputs = {name: by_sample(raw["inputs"][name]) for name in ("mu", "sigma", "rho")}
    inputs |= {name: torch.as_tensor(raw["inputs"][name]) for name in ("W", "b", "label")}
    present = by_sample(raw["inputs"]["delta"][request.param]).bool()
    return inputs, present, raw["outputs"][request.param]


def fusion_of(inputs, **options):
    """RAML whose source of each modality is mu next to the sigma head's output; f is the golden predictor."""
    representations = {f"m{i}": Representation("vector", (10,)) for i in range(3)}
    options = {"lambda_1": 1.0, "lambda_2": 1.0, **options}
    fusion = Raml(TASK, representations, width=5, **options).double()
    with torch.no_grad():
        for heads, first in ((fusion.mu_heads, 0), (fusion.sigma_heads, 5)):
            for head in heads:
                head[0].weight.copy_(torch.eye(10)[first : first + 5])
                head[0].bias.zero_()
        for predictor in (fusion.predictor, *fusion.unimodal_predictors):
            predictor.weight.copy_(inputs["W"])
            predictor.bias.copy_(inputs["b"])
    return fusion


def inverse(sigma, activation, sigma_is):
    """What a head must give for that sigma."""
    positive = (sigma.square() if sigma_is == "variance" else sigma) - FLOOR
    return positive.expm1().log() if activation == "softplus" else positive.log()


def predict(fusion, inputs, present):
    raw = inverse(inputs["sigma"], fusion.sigma_activation, fusion.sigma_is)
    values = torch.cat([inputs["mu"], raw], dim=-1)
    return fusion({f"m{i}": values[:, i] for i in range(3)}, present)


def as_given(fusion, inputs, present):
    """The prediction with what the golden loss sees: absent modalities keep their mu and sigma."""
    prediction = predict(fusion, inputs, present)
    terms = {"mu": inputs["mu"], "sigma": inputs["sigma"], "present": present}
    return Prediction(prediction.logits, terms=terms)


@pytest.fixture
def given_rho(monkeypatch, case):
    """The next draw of a standard normal is the golden one."""
    monkeypatch.setattr(torch, "randn_like", case[0]["rho"].expand_as)


def test_formulas(case):
    inputs, present, out = case
    everything = torch.ones_like(present)
    omega = redundancy_weights(inputs["sigma"], present)
    close(omega, by_sample(out["omega"]))
    close((omega * inputs["mu"]).sum(1), out["h"])
    close(fused_sigma(inputs["sigma"], present).pow(-2), (present[..., None] / inputs["sigma"] ** 2).sum(1))
    close(redundancy(inputs["mu"], inputs["sigma"], everything), out[L_D])
    close(redundancy(inputs["mu"], inputs["sigma"], present), out["L_D_with_delta_variant"])
    close(redundancy(inputs["mu"], inputs["sigma"], everything, "mean").mean(), out["L_D_dim_mean_variant"])


@pytest.mark.parametrize("sigma_is", ["std", "variance"])
@pytest.mark.parametrize("activation", ["softplus", "exp"])
def test_prediction(case, activation, sigma_is):
    inputs, present, out = case
    fusion = fusion_of(inputs, sigma_activation=activation, sigma_is=sigma_is)
    prediction = predict(fusion, inputs, present)
    close(torch.stack(list(prediction.weights.values())), out["omega"])
    close(prediction.embedding, out["h"])
    close(prediction.logits, out["logits"])
    label = inputs["label"]
    close(functional.cross_entropy(prediction.logits, label, reduction="none"), out["L_M_per_sample"])


@pytest.mark.usefixtures("given_rho")
@pytest.mark.parametrize("predictor", ["shared", "separate"])
def test_losses(case, predictor):
    inputs, present, out = case

    def loss(**options):
        fusion = fusion_of(inputs, predictor=predictor, **options)
        return fusion.loss(as_given(fusion, inputs, present), inputs["label"], STEP)

    fused = out["L_M_per_sample"].mean()
    close(loss(), out[TOTAL])
    close(loss(lambda_1=0, lambda_2=0), fused)
    close(loss(lambda_2=0), fused + out["L_U_unmasked"])
    close(loss(lambda_2=0, mask_unimodal=True), fused + out["L_U_masked_by_delta"])
    close(loss(lambda_1=0), fused + out[L_D].mean())
    close(loss(lambda_1=0, mask_redundancy=True), fused + out["L_D_with_delta_variant"].mean())
    close(loss(lambda_1=0, l1_reduction="mean"), fused + out["L_D_dim_mean_variant"])
    close(loss(lambda_1=0.5, lambda_2=2), fused + 0.5 * out["L_U_unmasked"] + 2 * out[L_D].mean())


@pytest.mark.usefixtures("given_rho")
def test_unimodal_loss_of_each_modality_and_sample(case):
    inputs, present, out = case
    fusion = fusion_of(inputs, lambda_2=0, mask_unimodal=True)
    prediction = as_given(fusion, inputs, present)
    for m, n in np.ndindex(3, 4):
        alone = torch.zeros(4, 3, dtype=torch.bool)
        alone[n, m] = True
        prediction.terms["present"] = alone
        expected = out["L_M_per_sample"].mean() + out["L_U_per_modality_sample"][m, n] / 4
        close(fusion.loss(prediction, inputs["label"], STEP), expected)


@pytest.mark.usefixtures("given_rho")
def test_samples_are_drawn_as_mu_plus_rho_sigma(case, monkeypatch):
    inputs, present, out = case
    fusion = fusion_of(inputs, lambda_2=0)
    seen = []
    linear = functional.linear
    monkeypatch.setattr(functional, "linear", lambda h, *rest: seen.append(h) or linear(h, *rest))
    fusion.loss(as_given(fusion, inputs, present), inputs["label"], STEP)
    close(seen[-1], by_sample(out["h_m_sampled"]))


def test_theorem_3_1(golden):
    case = golden("raml", "theorem31")
    theta = torch.as_tensor(case["inputs"]["theta"])
    mu = torch.stack([torch.as_tensor(case["inputs"][name]) for name in ("mu1", "mu2")])
    close(supremum_uniform(theta, mu), case["outputs"]["P_u"])
    close(supremum_coarse(theta, mu), case["outputs"]["P_c"])
    close(supremum_fine(theta, mu), case["outputs"]["P_f"])


@pytest.mark.parametrize("weights", ["identical", "fixed", "fixed-scalar"])
def test_weighting_strategies(golden, weights):
    case = golden("raml", "weight_strategies")
    present = by_sample(case["inputs"]["delta"]).bool()
    identical = by_sample(case["outputs"]["identical"])
    close(present_softmax(torch.zeros(4, 3, 5, dtype=torch.float64), present), identical[..., None].expand(4, 3, 5))
    fusion = Raml(TASK, {f"m{i}": Representation("vector", (2,)) for i in range(3)}, width=5, weights=weights).double()
    sources = {f"m{i}": torch.randn(4, 2, dtype=torch.float64) for i in range(3)}
    close(torch.stack(list(fusion(sources, present).weights.values()), 1), identical[..., None].expand(4, 3, 5))
    if weights != "identical":
        nn.init.normal_(fusion.scores)
        changed = torch.stack(list(fusion(sources, present).weights.values()), 1)
        close(changed.sum(1), np.ones((4, 5)))
        assert changed[~present].eq(0).all()
        assert (changed[0] - identical[0, :, None]).abs().max() > 0.05
        assert (changed[0].std(-1) > 1e-6).all() == (weights == "fixed")


def test_weighted_and_unweighted_accuracy(golden):
    """WA and UA of RAML's tables are the metrics ``accuracy`` and ``unweighted-accuracy``."""
    case = golden("raml", "metrics_WA_UA")
    targets, predicted = (np.array(case["inputs"][name]) for name in ("y", "pred"))
    logits = np.eye(3, dtype=np.float32)[predicted]
    stored = Stored(np.arange(6), targets, logits, np.ones((6, 1), bool), ("all",))
    np.testing.assert_allclose(accuracy(stored), case["outputs"]["WA"], rtol=1e-9)
    np.testing.assert_allclose(unweighted_accuracy(stored), case["outputs"]["UA"], rtol=1e-9)
