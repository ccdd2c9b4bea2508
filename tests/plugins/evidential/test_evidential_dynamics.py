"""Multimodal Dynamics beyond its golden numbers."""

from __future__ import annotations

import pytest
import torch


def test_multimodal_dynamics_drops_only_in_training(build, batch):
    sources, present, _ = batch(2)
    fusion = build("multimodal-dynamics", 2)
    assert not torch.equal(fusion(sources, present).logits, fusion(sources, present).logits)
    fusion.eval()
    assert torch.equal(fusion(sources, present).logits, fusion(sources, present).logits)


def test_multimodal_dynamics_is_blind_where_absent(build, batch):
    sources, present, _ = batch(3)
    fusion = build("multimodal-dynamics", 3, hidden=7).eval()
    prediction = fusion(sources, present)
    for column, modality in enumerate(sources):
        absent = ~present[:, column]
        assert not prediction.weights[modality][absent].any()
        assert not prediction.embedding[absent, 7 * column : 7 * column + 7].any()
        assert prediction.weights[modality][~absent].all()
    torch.testing.assert_close(prediction.logits, fusion.head(prediction.embedding))
    torch.testing.assert_close(prediction.logits[~present.any(1)][0], fusion.head.bias)


def test_detaching_keeps_the_confidence_term_from_the_classifier(build, batch, step):
    sources, present, target = batch(2)
    found = {}
    for detach in (False, True):
        fusion = build("multimodal-dynamics", 2, p_true_detach=detach, unimodal_weight=0.0, dropout=0.0)
        fusion.loss(fusion(sources, present), target, step(0)).backward()
        found[detach] = fusion.branches[0]
    assert found[False].classifier.weight.grad.any()
    assert not found[True].classifier.weight.grad.any()
    torch.testing.assert_close(found[True].confidence.weight.grad, found[False].confidence.weight.grad)


def test_gate_penalty_sums_or_averages_the_gate(build, batch, step):
    sources, present, target = batch(1)
    options = {"confidence_weight": 0.0, "unimodal_weight": 0.0}
    losses = {}
    for weight in (0.0, 1.0):
        for penalty in ("mean", "sum"):
            fusion = build("multimodal-dynamics", 1, gate_penalty=penalty, gate_weight=weight, **options).eval()
            losses[penalty, weight] = fusion.loss(fusion(sources, present), target, step(0)).item()
    assert losses["sum", 1.0] - losses["sum", 0.0] == pytest.approx(5 * (losses["mean", 1.0] - losses["mean", 0.0]))
    gate = fusion.branches[0].gate(sources["m.0"]).sigmoid().mean(1)
    expected = torch.where(present[:, 0], gate, 0).mean().item()
    assert losses["mean", 1.0] - losses["mean", 0.0] == pytest.approx(expected, rel=1e-4)
