"""What must hold for any opinions."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.distributions import Categorical, Dirichlet, kl_divergence

from brownout_blocks import vacuity
from brownout_evidential.losses import cross_entropy, opinion_loss, squared_error, uniform_kl
from brownout_evidential.opinions import belief, dempster

FAST = settings(deadline=None, max_examples=60)


@st.composite
def opinions(draw, least=1, dtype=torch.float64):
    """Evidence ``[B, V, K]`` from none to overwhelming, with exact zeros."""
    shape = draw(st.integers(1, 4)), draw(st.integers(least, 6)), draw(st.integers(2, 120))
    random = torch.Generator().manual_seed(draw(st.integers(0, 2**31)))
    e = torch.randn(shape, generator=random, dtype=torch.float64).mul(draw(st.sampled_from([0.1, 1.0, 3.0]))).exp()
    kept = torch.rand(shape, generator=random) < draw(st.sampled_from([0.1, 0.5, 1.0]))
    return torch.where(kept, e, 0.0).to(dtype)


def textbook(first, second):
    """Dempster's rule as it is printed, on belief and uncertainty masses: new evidence."""
    (b1, u1), (b2, u2) = ((belief(e), vacuity(e)[..., None]) for e in (first, second))
    agreement = (b1 * b2).sum(-1, keepdim=True)
    conflict = b1.sum(-1, keepdim=True) * b2.sum(-1, keepdim=True) - agreement
    b, u = ((b1 * b2 + b1 * u2 + b2 * u1) / (1 - conflict), u1 * u2 / (1 - conflict))
    torch.testing.assert_close(b.sum(-1, keepdim=True) + u, torch.ones_like(u))
    return b * first.shape[-1] / u


@given(opinions(least=2))
@FAST
def test_is_dempsters_rule_as_a_left_fold(e):
    expected = e[:, 0]
    for each in e.unbind(1)[1:]:
        expected = textbook(expected, each)
    torch.testing.assert_close(dempster(e), expected, rtol=1e-7, atol=1e-9)


@given(opinions(least=2), st.randoms(use_true_random=False))
@FAST
def test_the_order_of_the_fold_does_not_matter(e, random):
    order = random.sample(range(e.shape[1]), e.shape[1])
    torch.testing.assert_close(dempster(e[:, order]), dempster(e), rtol=1e-12, atol=0)


@given(opinions(least=2), st.integers(1, 5))
@FAST
def test_folding_in_groups_does_not_matter(e, cut):
    first, rest = e[:, : min(cut, e.shape[1] - 1)], e[:, min(cut, e.shape[1] - 1) :]
    groups = torch.stack([dempster(first), dempster(rest)], dim=1)
    torch.testing.assert_close(dempster(groups), dempster(e), rtol=1e-12, atol=0)


@given(opinions(dtype=torch.float32), st.lists(st.integers(0, 6), max_size=3))
@FAST
def test_a_vacuous_opinion_changes_no_bit(e, places):
    padded = list(e.unbind(1))
    for place in places:
        padded.insert(place, torch.zeros_like(e[:, 0]))
    assert torch.equal(dempster(torch.stack(padded, dim=1)), dempster(e))


@given(opinions())
@FAST
def test_belief_and_uncertainty_sum_to_one(e):
    fused = dempster(e)
    for each in (*e.unbind(1), fused):
        assert (belief(each) >= 0).all()
        torch.testing.assert_close(belief(each).sum(-1) + vacuity(each), torch.ones(len(e), dtype=e.dtype))


@given(opinions(least=2))
@FAST
def test_more_opinions_are_never_less_certain(e):
    assert (vacuity(dempster(e)) <= vacuity(e).amin(1) * (1 + 1e-12)).all()


@pytest.mark.parametrize("classes", [2, 100])
def test_total_conflict_loses_no_digits(classes):
    first, second = torch.zeros(2, classes, dtype=torch.float64)
    first[0], second[1] = 3e7, 3e7
    (b1, u1), (b2, _) = ((belief(e), vacuity(e)) for e in (first, second))
    assert 1 - (b1[0] * b2[1]) < 1e-5
    fused = dempster(torch.stack([first, second]))
    torch.testing.assert_close(fused, first + second, rtol=1e-15, atol=0)
    torch.testing.assert_close(vacuity(fused), u1 / 2, rtol=1e-5, atol=0)
    single = dempster(torch.stack([first, second]).float())
    torch.testing.assert_close(single.double(), fused, rtol=1e-6, atol=0)


@given(opinions())
@FAST
def test_divergence_is_that_of_the_distribution(e):
    alpha = e[:, 0] + 1
    expected = kl_divergence(Dirichlet(alpha), Dirichlet(torch.ones_like(alpha)))
    torch.testing.assert_close(uniform_kl(alpha), expected, rtol=1e-8, atol=1e-8)
    assert (uniform_kl(alpha) > -1e-8).all()


def test_risks_are_expectations():
    alpha, target = torch.tensor([[3.0, 1.5, 2.0]]), torch.tensor([1])
    torch.manual_seed(0)
    p = Dirichlet(alpha).sample((200_000,))[:, 0]
    y = torch.nn.functional.one_hot(target, 3)
    close = {"rtol": 0.01, "atol": 0}
    torch.testing.assert_close(cross_entropy(alpha, target)[0], -p[:, 1].log().mean(), **close)
    torch.testing.assert_close(squared_error(alpha, target)[0], (p - y).square().sum(-1).mean(), **close)


@pytest.mark.parametrize("risk", ["cross-entropy", "squared-error"])
def test_the_divergence_spares_evidence_for_the_right_class(risk):
    target = torch.tensor([2])
    right, wrong = torch.zeros(2, 1, 3, dtype=torch.float64)
    right[0, 2], wrong[0, 0] = 50, 50
    added = [opinion_loss(e, target, 1.0, risk) - opinion_loss(e, target, 0.0, risk) for e in (right, wrong)]
    assert added[0].abs().item() < 1e-12
    assert added[1].item() > 1


def test_divergence_of_a_hundred_classes_in_float32_evidence_keeps_its_digits():
    random = torch.Generator().manual_seed(0)
    e = torch.randn(8, 100, generator=random).mul(3).exp() * 1e4
    target = torch.arange(8)
    exact = opinion_loss(e.double(), target, 1.0)
    naive = opinion_loss(e, target, 1.0)
    assert ((naive - exact).abs() / exact).max() > 1e-5  # so float64 is needed, and is what the fusions use
    assert np.isfinite(exact.numpy()).all()


def test_gradients_are_those_of_the_formula():
    e = (torch.rand(3, 4, 5, dtype=torch.float64) * 5).requires_grad_()
    target = torch.tensor([0, 4, 2])
    for risk in ("cross-entropy", "squared-error"):
        assert torch.autograd.gradcheck(lambda each, risk=risk: opinion_loss(dempster(each), target, 0.3, risk), e)


def test_predicting_is_drawing_from_the_expected_probability():
    e = torch.tensor([4.0, 0.0, 1.0])
    p = (e + 1) / (e + 1).sum()
    torch.testing.assert_close(Categorical(logits=e.log1p()).probs, p)
