"""What must hold of the formulas for any numbers."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from brownout_raml.formulas import (
    fused_sigma,
    probability,
    redundancy,
    redundancy_weights,
    standard_deviation,
    supremum_coarse,
    supremum_fine,
    supremum_uniform,
)

seeds, sizes = st.integers(0, 10_000), st.integers(1, 6)


def normal(seed, *shape, scale=1.0):
    return scale * torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


@given(seeds, sizes, st.sampled_from([1, 2, 16]), st.sampled_from([0.01, 1.0, 10.0]))
@settings(deadline=None, max_examples=60)
def test_theorem_3_1_orders_the_suprema_and_convex_weights_never_exceed_them(seed, modalities, width, scale):
    theta, mu = normal(seed, width), normal(seed + 1, modalities, width, scale=scale)
    uniform, coarse, fine = (each(theta, mu) for each in (supremum_uniform, supremum_coarse, supremum_fine))
    slack = 1e-12
    assert fine + slack >= coarse
    assert coarse + slack >= uniform
    torch.testing.assert_close(probability(theta, mu, torch.tensor(1 / modalities)), uniform)
    alpha = normal(seed + 2, modalities, 1).mul(5).softmax(0)
    omega = normal(seed + 3, modalities, width).mul(5).softmax(0)
    assert probability(theta, mu, alpha) <= coarse + slack
    assert probability(theta, mu, omega) <= fine + slack
    products = theta * mu
    best = (products == products.amax(0)).double()
    torch.testing.assert_close(probability(theta, mu, best), fine)
    winner = torch.nn.functional.one_hot(products.sum(1).argmax(), modalities).double()[:, None]
    torch.testing.assert_close(probability(theta, mu, winner), coarse)


@given(seeds, sizes, st.sampled_from([1e-4, 1.0, 2e4]))
@settings(deadline=None, max_examples=60)
def test_weights_are_convex_over_what_is_present(seed, modalities, scale):
    sigma = normal(seed, 8, modalities, 5).exp().float() * scale
    present = normal(seed + 1, 8, modalities) > 0
    present[0], present[1] = False, True
    weights = redundancy_weights(sigma, present)
    assert weights.ge(0).all()
    assert weights[~present].eq(0).all()
    torch.testing.assert_close(weights.sum(1), present.any(1).float()[:, None].expand(8, 5))
    there = present.any(1)
    variance = fused_sigma(sigma, present).square()
    assert variance[~there].isinf().all()
    expected = torch.where(present[..., None], variance[:, None] / sigma.square(), 0.0)
    torch.testing.assert_close(weights[there], expected[there], rtol=1e-4, atol=1e-6)


@given(seeds, sizes)
@settings(deadline=None, max_examples=30)
def test_a_modality_that_is_less_certain_weighs_less(seed, modalities):
    sigma = normal(seed, modalities, 4).exp()
    present = torch.ones(modalities, dtype=torch.bool)
    before = redundancy_weights(sigma, present)
    sigma[0] *= 2
    after = redundancy_weights(sigma, present)
    assert (after[0] < before[0]).all() or modalities == 1
    assert (after[1:] > before[1:]).all()


@pytest.mark.parametrize("sigma_is", ["std", "variance"])
@pytest.mark.parametrize("activation", ["softplus", "exp"])
def test_sigma_is_positive_and_finite_whatever_a_head_gives(activation, sigma_is):
    raw = torch.tensor([-1e30, -100.0, 0.0, 5.0, 100.0, 1e8], requires_grad=True)
    sigma = standard_deviation(raw, activation, sigma_is)
    assert (sigma > 0).all()
    assert sigma.isfinite().all()
    redundancy_weights(sigma[:, None], torch.ones(6, dtype=torch.bool)).square().sum().backward()
    assert raw.grad.isfinite().all()


def test_variance_is_the_square_of_the_standard_deviation():
    raw = torch.linspace(-3, 3, 7)
    torch.testing.assert_close(standard_deviation(raw, "exp", "variance").square(), standard_deviation(raw, "exp"))


def test_redundancy_is_a_norm_of_weighted_means():
    mu, sigma = normal(0, 3, 4, 5), normal(1, 3, 4, 5).exp()
    present = torch.ones(3, 4, dtype=torch.bool)
    torch.testing.assert_close(redundancy(-2 * mu, sigma, present), 2 * redundancy(mu, sigma, present))
    torch.testing.assert_close(redundancy(mu, 7 * sigma, present), redundancy(mu, sigma, present))
    torch.testing.assert_close(redundancy(mu, sigma, present), 5 * redundancy(mu, sigma, present, "mean"))
    assert not redundancy(mu, sigma, torch.zeros_like(present)).any()
