"""The loss, the regulariser and the training history."""

from __future__ import annotations

from math import log

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.nn import functional

from brownout_qmf.formulas import energy
from brownout_qmf.history import History
from brownout_qmf.ranking import normalised_history, pair_losses, rank_loss

KINDS = ["paper-eq16", "official-slack", "crl-margin"]
numbers = st.lists(st.tuples(st.integers(-64, 64), st.integers(0, 64)), min_size=2, max_size=9)


def columns(pairs):
    """Weights and histories in steps of 1/64, so that ties happen."""
    return (torch.tensor(each, dtype=torch.float64) / 64 for each in zip(*pairs, strict=True))


@given(numbers)
@settings(deadline=None)
def test_equation_16_by_the_order_of_a_pair(pairs):
    w, kappa = columns(pairs)
    dw, dk = w - w.roll(-1), kappa - kappa.roll(-1)
    rightly, wrongly = dw * dk < 0, dw * dk > 0
    found = pair_losses(w, kappa)
    assert torch.equal(found[rightly], (dw.abs() - dk.abs()).relu()[rightly])
    assert torch.equal(found[wrongly], (dw.abs() + dk.abs())[wrongly])
    assert torch.equal(found[dw == 0], torch.zeros_like(found[dw == 0]))
    assert torch.equal(found[dk == 0], dw.abs()[dk == 0])


@given(numbers)
@settings(deadline=None)
def test_slack_forgives_what_the_margin_asks_for(pairs):
    w, kappa = columns(pairs)
    dw, dk = w - w.roll(-1), kappa - kappa.roll(-1)
    slack, margin = pair_losses(w, kappa, "official-slack"), pair_losses(w, kappa, "crl-margin")
    assert not slack[dw * dk <= 0].any()
    assert torch.equal(slack, torch.where(dw * dk > 0, dw.abs() - dk.abs(), 0.0).relu())
    assert (margin >= slack).all()
    assert not margin[(dw * dk <= 0) & (dw.abs() >= dk.abs())].any()


@given(numbers, st.sampled_from(KINDS), st.integers(-9, 9))
@settings(deadline=None)
def test_only_differences_count(pairs, kind, offset):
    w, kappa = columns(pairs)
    assert torch.equal(pair_losses(w + offset, kappa + offset, kind), pair_losses(w, kappa, kind))
    assert torch.equal(pair_losses(w.flip(0), kappa.flip(0), kind).sort()[0], pair_losses(w, kappa, kind).sort()[0])


@given(st.lists(st.floats(-200, 200), min_size=1, max_size=6), st.floats(0.1, 10), st.floats(-50, 50))
@settings(deadline=None)
def test_energy_lies_below_the_largest_logit_and_follows_an_offset(logits, T, c):
    f = torch.tensor(logits, dtype=torch.float64)
    u = energy(f, T)
    assert -f.max() - T * log(len(logits)) - 1e-9 <= u <= -f.max() + 1e-9
    torch.testing.assert_close(energy(f + c, T), u - c)


@given(st.lists(st.floats(0, 1e3), min_size=1, max_size=9))
@settings(deadline=None)
def test_a_normalised_history_keeps_order_and_fills_its_range(values):
    history = torch.tensor(values, dtype=torch.float64)
    scaled = normalised_history(history)
    assert ((scaled >= 0) & (scaled <= 1)).all()
    assert (scaled[history == history.min()] == 0).all()
    assert (scaled.max() == 1) == (len(set(values)) > 1)


@pytest.mark.parametrize("kind", KINDS)
def test_no_pair_costs_nothing(kind):
    for size in (0, 1):
        w = torch.rand(size, requires_grad=True)
        loss = rank_loss(w, torch.rand(size), kind)
        loss.backward()
        assert loss == 0
        assert not w.grad.any()


@pytest.mark.parametrize("average", ["mean", "sum"])
def test_modalities_have_histories_of_their_own(average):
    history, rows = History(2, average, normalise=False), torch.tensor([0, 1, 2, 3])
    history.add(0, torch.tensor([1, 3]), torch.tensor([1.0, 2.0]), 4)
    history.add(0, torch.tensor([3]), torch.tensor([4.0]), 4)
    history.add(1, torch.tensor([0]), torch.tensor([5.0]), 4)
    assert history.kappa(0, rows).tolist() == [0, 1, 0, 3 if average == "mean" else 6]
    assert history.kappa(1, rows).tolist() == [5, 0, 0, 0]


def test_another_training_split_begins_anew_and_the_same_one_goes_on():
    history = History(1, "sum", normalise=False)
    history.add(0, torch.tensor([2]), torch.tensor([1.0]), 3)
    history.reserve(3, torch.zeros(1))
    assert history.total.tolist() == [[0, 0, 1]]
    history.add(0, torch.tensor([0]), torch.tensor([2.0], dtype=torch.float64), 2)
    assert history.total.tolist() == [[2, 0]]
    assert history.total.dtype == torch.float64
    assert history.state_dict() == {}


def by_hand(fusion, prediction, present, target, kappas, kind, lam):
    """Eq. 18 sample by sample."""
    total = functional.cross_entropy(prediction.logits, target)
    for column, (name, kappa) in enumerate(kappas.items()):
        rows = [row for row in range(len(target)) if present[row, column]]
        f, w = prediction.unimodal[name][rows], 0.1 * prediction.unimodal[name][rows].logsumexp(-1)
        total += functional.cross_entropy(f, target[rows])
        pairs = []
        for i in range(len(rows)):
            j = (i + 1) % len(rows)
            dw, dk = w[i] - w[j], kappa[rows[i]] - kappa[rows[j]]
            paper = dw.sign() * dk + dw.abs()
            slack = dk.sign() * dw - dk.abs()
            pairs.append((paper if kind == "paper-eq16" else slack).clamp_min(0))
        total += lam * torch.stack(pairs).mean()
    return total


@pytest.mark.parametrize(
    ("variant", "kind", "lam"),
    [(None, "paper-eq16", 0.1), ("released-text-image", "official-slack", 1), ("released-rgbd", "official-slack", 0.1)],
)
def test_the_loss_of_two_epochs_is_equation_18(variant, kind, lam, build, batch, step):
    sources, present, target = batch(2, size=12)
    sources = {name: 20 * z for name, z in sources.items()}
    fusion = build(2, variant)
    rows = torch.arange(12).flip(0) + 3
    sums, regularised = {name: torch.zeros(20) for name in sources}, []
    for epoch in (1, 2):
        prediction = fusion(sources, present)
        old = {name: each.clone() for name, each in sums.items()}
        for column, name in enumerate(sources):
            there = present[:, column]
            losses = functional.cross_entropy(prediction.unimodal[name], target, reduction="none").detach()
            sums[name][rows[there]] += losses[there]
        kappas = old if variant == "released-rgbd" else sums
        kappas = {name: (each / epoch if variant is None else unit(each))[rows] for name, each in kappas.items()}
        expected = by_hand(fusion, prediction, present, target, kappas, kind, lam)
        torch.testing.assert_close(fusion.loss(prediction, target, step(rows, 20)), expected)
        plain = build(2, variant, lam=0)
        plain.load_state_dict(fusion.state_dict())
        regularised.append(bool(expected > plain.loss(plain(sources, present), target, step(rows, 20)) + 1e-4))
        fusion.load_state_dict({key: -value for key, value in fusion.state_dict().items()})
    assert any(regularised)


def unit(history):
    return (history - history.min()) / (history.max() - history.min()) if history.any() else history


def test_the_first_batch_in_the_order_of_the_rgbd_code_has_no_regulariser(build, batch, step):
    sources, present, target = batch(2)
    fusion, plain = build(2, "released-rgbd"), build(2, "released-rgbd", lam=0)
    losses = [each.loss(each(sources, present), target, step(range(70))) for each in (fusion, plain)]
    assert losses[0].isfinite()
    assert losses[0] == losses[1]
    assert plain.history.total.numel() == 0
    assert fusion.history.total.any()


def test_without_uncertainty_aware_weights_the_regulariser_still_sees_them(build, batch, step):
    sources, present, target = batch(2)
    fusion = build(2, dynamic=False, unimodal_loss=False, lam=1)
    plain = build(2, dynamic=False, unimodal_loss=False, lam=0)
    losses = [each.loss(each(sources, present), target, step(range(70))) for each in (fusion, plain)]
    assert losses[0] > losses[1]


def test_unimodal_losses_can_be_left_out(build, batch, step):
    sources, present, target = batch(3)
    fusion = build(3, "late-fusion")
    prediction = fusion(sources, present)
    expected = functional.cross_entropy(prediction.logits, target)
    torch.testing.assert_close(fusion.loss(prediction, target, step(range(70))), expected)


def test_ignored_labels_neither_count_nor_enter_the_history(build, batch, step):
    sources, present, target = batch(2, size=8)
    target[:3] = -100
    losses = []
    for kept in (slice(None), slice(3, None)):
        fusion = build(2)
        prediction = fusion({name: z[kept] for name, z in sources.items()}, present[kept])
        losses.append(fusion.loss(prediction, target[kept], step(torch.arange(8)[kept], 8)))
        assert not fusion.history.total[:, :3].any()
    torch.testing.assert_close(*losses)
    nothing = fusion.loss(prediction, torch.full((5,), -100), step(range(5), 8))
    assert nothing == 0


@pytest.mark.parametrize("variant", [None, "released-text-image", "released-rgbd"])
def test_overwhelming_logits_stay_finite(variant, build, batch, step):
    sources, _, target = batch(6)
    fusion = build(6, variant)
    huge = {name: (z * 1e6).requires_grad_() for name, z in sources.items()}
    loss = fusion.loss(fusion(huge, torch.ones(70, 6, dtype=torch.bool)), target, step(range(70)))
    loss.backward()
    assert loss.isfinite()
    assert all(parameter.grad.isfinite().all() for parameter in fusion.parameters())
