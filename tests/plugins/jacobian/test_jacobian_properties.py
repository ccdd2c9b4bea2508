"""What must hold for any head, logits and gamma."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from brownout_jacobian.formulas import jacobian, regularised_logits, weight_matrix
from brownout_jacobian.norms import bound, jacobian_norm

GAMMA = st.floats(0.005, 1)
SCALE = st.sampled_from([0.0, 1.0, 10.0, 1e4])


@st.composite
def cases(draw, scales=SCALE):
    """A head ``[K, H]``, logits and other logits ``[B, K]``; K may exceed H."""
    classes, features, batch = draw(st.integers(2, 12)), draw(st.integers(1, 16)), draw(st.integers(1, 5))
    random = torch.Generator().manual_seed(draw(st.integers(0, 2**31)))
    W, z, other = (
        torch.randn(rows, columns, generator=random, dtype=torch.float64)
        for rows, columns in ((classes, features), (batch, classes), (batch, classes))
    )
    return W * draw(st.sampled_from([0.1, 1.0, 5.0])), z * draw(scales), other * draw(scales)


@given(cases(), GAMMA)
@settings(deadline=None, max_examples=60)
def test_solves_eq_8(case, gamma):
    W, z, other = case
    p = (z + other).softmax(-1)
    Wa, J, eye = weight_matrix(p, W, gamma), jacobian(p), torch.eye(len(W), dtype=W.dtype)
    residual = (1 / gamma - 1) * J @ J @ Wa @ W @ W.T + Wa - eye
    size = 1 + (1 / gamma - 1) * torch.linalg.matrix_norm(W, 2) ** 2
    assert residual.abs().max() < 1e-13 * size


@given(cases(), GAMMA)
@settings(deadline=None, max_examples=60)
def test_columns_sum_to_one_and_the_matrix_acts_as_the_fast_path_does(case, gamma):
    W, z, other = case
    p = (z + other).softmax(-1)
    Wa = weight_matrix(p, W, gamma)
    torch.testing.assert_close(Wa.sum(-2), torch.ones_like(p), rtol=1e-10, atol=1e-10)
    slow, fast = (Wa @ z[..., None]).squeeze(-1), regularised_logits(z, p, W, gamma)
    assert (slow - fast).abs().max() <= 1e-12 * (1 + z.abs().max())


@given(cases(), st.floats(0.005, 0.999))
@settings(deadline=None, max_examples=60)
def test_bound_of_theorem_1(case, gamma):
    W, z, other = case
    p = (z + other).softmax(-1)
    norm = torch.linalg.matrix_norm(jacobian(p) @ weight_matrix(p, W, gamma) @ W)
    assert bound(gamma, len(W)) == pytest.approx(np.sqrt(gamma * len(W) / (2 * (1 - gamma))))
    assert (norm <= bound(gamma, len(W)) + 1e-12).all()


@given(cases(), GAMMA, st.sampled_from([torch.float32, torch.float64]))
@settings(deadline=None, max_examples=100)
def test_the_norm_needs_no_matrix_and_keeps_the_bound(case, gamma, dtype):
    W, z, other = (each.to(dtype).double() for each in case)
    p = (z + other).softmax(-1)
    exact = torch.linalg.matrix_norm(jacobian(p) @ weight_matrix(p, W, gamma) @ W)
    fast = jacobian_norm(p.to(dtype), W.to(dtype), gamma)
    assert fast.dtype == dtype
    slack = 100 * torch.finfo(dtype).eps * torch.linalg.matrix_norm(W, 2) ** 2 / gamma + torch.finfo(dtype).eps
    assert (fast - exact).abs().max() <= slack
    assert (fast <= bound(gamma, len(W)) + slack).all()


@given(cases())
@settings(deadline=None, max_examples=60)
def test_gamma_near_one_is_near_the_identity_and_one_is_exactly_it(case):
    W, z, other = case
    p = (z + other).softmax(-1)
    assert torch.equal(regularised_logits(z, p, W, 1), z)
    near = regularised_logits(z, p, W, 1 - 1e-12)
    assert (near - z).abs().max() <= 1e-9 * (1 + z.abs().max())


@given(cases(), GAMMA)
@settings(deadline=None, max_examples=60)
def test_float32_is_as_good_as_its_digits(case, gamma):
    W, z, other = (each.float() for each in case)
    p = (z.double() + other.double()).softmax(-1)
    exact = regularised_logits(z.double(), p, W.double(), gamma)
    rounded = regularised_logits(z, p.float(), W, gamma)
    assert rounded.dtype == torch.float32
    assert (rounded - exact).abs().max() <= 3e-6 * (1 + z.abs().max())


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("gamma", [1e-6, 0.1, 1.0])
def test_saturated_predictions_are_exact(dtype, gamma):
    z = torch.tensor([[1e4, 0.0, -1e4], [0.0, 0.0, 0.0]], dtype=dtype)
    result = regularised_logits(z, z.softmax(-1), 10 * torch.eye(3, dtype=dtype), gamma)
    torch.testing.assert_close(result, z)


def test_chunks_agree_with_one_pass(monkeypatch):
    z = torch.randn(23, 7, dtype=torch.float64)
    W = torch.randn(7, 5, dtype=torch.float64)
    whole = regularised_logits(z, z.softmax(-1), W, 0.1)
    monkeypatch.setattr("brownout_jacobian.solver.CHUNK_BYTES", {"cpu": 1000})
    torch.testing.assert_close(regularised_logits(z, z.softmax(-1), W, 0.1), whole)
    norms = jacobian_norm(z.softmax(-1), W, 0.1)
    monkeypatch.undo()
    torch.testing.assert_close(norms, jacobian_norm(z.softmax(-1), W, 0.1))


def test_an_empty_batch_stays_empty():
    empty = torch.zeros(0, 4)
    assert regularised_logits(empty, empty, torch.eye(4), 0.1).shape == (0, 4)
    assert jacobian_norm(empty, torch.eye(4), 0.1).shape == (0,)


def test_tracking_gradients_changes_no_number():
    z, W = torch.randn(9, 6, dtype=torch.float64), torch.randn(6, 8, dtype=torch.float64)
    tracked = regularised_logits(z.clone().requires_grad_(), z.softmax(-1), W, 0.1)
    assert torch.equal(tracked, regularised_logits(z, z.softmax(-1), W, 0.1))


def test_gradients_are_those_of_the_formula():
    z = torch.randn(2, 4, dtype=torch.float64, requires_grad=True)
    W = torch.randn(4, 3, dtype=torch.float64)
    assert torch.autograd.gradcheck(lambda each: regularised_logits(each, each.softmax(-1), W, 0.1), z)
