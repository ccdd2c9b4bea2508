"""Golden numbers of the released training loop, through the recipe on the same tiny network."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn.functional import cross_entropy

from brownout_ogm_ge.modulation import coefficients, modulated, ratios, scores
from brownout_ogm_ge.plugin import brownout_trainings
from brownout_registry import Batch, Prediction, Step, Task, bind_options, resolve


def wave(shape, amplitude, phase):
    values = amplitude * torch.sin(1.7 * torch.arange(math.prod(shape), dtype=torch.float64) + phase)
    return nn.Parameter(values.float().reshape(shape))


class Tiny(nn.Module):
    """One convolution and global pooling for each modality, concatenation, a linear layer."""

    def __init__(self):
        super().__init__()
        self.encoders = nn.ModuleDict({"audio": nn.Conv2d(1, 3, 2), "visual": nn.Conv2d(1, 3, 2)})
        for (_, layer), phase in zip(self.encoders.items(), (0.1, 0.9), strict=True):
            layer.weight, layer.bias = wave((3, 1, 2, 2), 0.8, phase), wave((3,), 0.1, phase + 0.5)
        self.fusion = nn.Linear(6, 4)
        self.fusion.weight, self.fusion.bias = wave((4, 6), 0.5, 0.4), wave((4,), 0.1, 0.9)
        self.task = Task(tuple("abcd"), (0.25,) * 4)

    def forward(self, inputs, present):
        features = [self.encoders[name](x).mean((2, 3)) for name, x in inputs.items()]
        weights = self.fusion.weight.split(3, dim=1)
        unimodal = [f @ W.T + self.fusion.bias / 2 for f, W in zip(features, weights, strict=True)]
        return Prediction(sum(unimodal), unimodal=dict(zip(inputs, unimodal, strict=True)))

    def loss(self, prediction, target, step):
        return cross_entropy(prediction.logits, target)


@dataclass(frozen=True)
class Frozen:
    """An optimiser that leaves weights, and thus gradients, to be looked at."""

    model: nn.Module

    def zero_grad(self, set_to_none):
        self.model.zero_grad(set_to_none=set_to_none)

    def step(self):
        pass


@pytest.fixture
def case(golden):
    return golden("ogm_ge", "ogm_step")


@pytest.fixture
def batch(case):
    given = case["inputs"]
    inputs = {"audio": torch.from_numpy(given["audio"])[:, None], "visual": torch.from_numpy(given["visual"])}
    return Batch(inputs, torch.from_numpy(given["label"]), torch.ones(4, 2, dtype=torch.bool))


def recipe(**options):
    (card,) = brownout_trainings()
    return resolve(card)(**bind_options(card, options, "released"))


def step(epoch=0):
    return Step(epoch, 60, torch.arange(4), torch.arange(4), 4)


def test_scores_ratio_and_coefficients(case, batch):
    out = case["outputs"]
    prediction = Tiny()(batch.inputs, batch.present)
    u = scores(torch.stack(list(prediction.unimodal.values()), dim=1), batch.targets, batch.present)
    rho = ratios(u, torch.tensor([4, 4]))
    k = coefficients(rho, case["hyper"]["alpha"])
    np.testing.assert_allclose(u.detach(), [out["score_a"], out["score_v"]], rtol=1e-5)
    np.testing.assert_allclose(rho.detach(), [1 / out["ratio_v"], out["ratio_v"]], rtol=1e-5)
    np.testing.assert_allclose(k.detach(), [out["coeff_a"], out["coeff_v"]], rtol=1e-5)


@pytest.mark.parametrize(
    ("run", "options", "epoch"),
    [
        ("Normal", {"alpha": 0.8}, 51),
        ("Normal", {"alpha": 0.0, "enhance": False}, 0),
        ("OGM", {"alpha": 0.8, "enhance": False}, 50),
        ("OGM_GE", {"alpha": 0.8}, 0),
    ],
)
def test_gradients_of_the_released_training_loop(case, batch, monkeypatch, run, options, epoch):
    monkeypatch.setattr(torch, "randn_like", torch.ones_like)  # noise replaced by its standard deviation
    expected = case["outputs"]["runs(GE noise replaced by its std)"][run]
    model = Tiny()
    loss = recipe(**options).train_batch(model, batch, step(epoch), Frozen(model))
    assert loss == pytest.approx(expected["losses(mm,a,v)"][0], rel=1e-5)
    audio, visual = model.encoders["audio"], model.encoders["visual"]
    for gradient, name in ((audio.weight, "audio_conv"), (audio.bias, "audio_bias"), (visual.weight, "visual_conv")):
        np.testing.assert_allclose(gradient.grad, expected[f"grad_{name}"], rtol=1e-5, atol=1e-8)


def test_unimodal_losses_are_only_looked_at(case, batch):
    prediction = Tiny()(batch.inputs, batch.present)
    losses = [cross_entropy(z, batch.targets).item() for z in prediction.unimodal.values()]
    expected = case["outputs"]["runs(GE noise replaced by its std)"]["Normal"]["losses(mm,a,v)"]
    np.testing.assert_allclose(losses, expected[1:], rtol=1e-5)


def test_modulation_of_one_gradient(case):
    runs, k = case["outputs"]["runs(GE noise replaced by its std)"], case["outputs"]["coeff_v"]
    plain = torch.from_numpy(runs["Normal"]["grad_visual_conv"])
    np.testing.assert_allclose(modulated(plain, k), runs["OGM"]["grad_visual_conv"], rtol=1e-5)
    noisy = modulated(plain, k, torch.ones_like(plain))
    np.testing.assert_allclose(noisy, runs["OGM_GE"]["grad_visual_conv"], rtol=1e-5)
