"""Baselines over unimodal decisions."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from brownout_baselines.decisions import Mean, confidence
from brownout_baselines.plugin import brownout_fusions
from brownout_baselines.statistical import Statistical
from brownout_registry import Task, UsageError, bind_options, catalogue, resolve

TASK = Task(("a", "b", "c", "d"), (0.1, 0.2, 0.3, 0.4))
CARDS = {card.name: card for card in brownout_fusions()}
DECISION = [("unimodal", {"modality": "video"}), ("mean", {}), ("statistical", {}), ("statistical", {"power": 1})]
DECISION += [("confidence-mean", {"confidence": kind}) for kind in ("entropy", "max")]


def build(name, task=TASK, dtype=torch.float32, modalities=("audio", "video", "text"), **options):
    heads = {each: nn.Linear(5, len(task.classes), dtype=dtype) for each in modalities}
    return resolve(CARDS[name])(task, heads, **bind_options(CARDS[name], options))


def batch(scale=2.0, seed=0, size=8):
    random = torch.Generator().manual_seed(seed)
    sources = {name: scale * torch.randn(size, 4, generator=random) for name in ("audio", "video", "text")}
    present = torch.rand(size, 3, generator=random) < 0.5
    present[0] = False
    return sources, present


def pair(zA, zB):
    return {"A": torch.tensor(zA), "B": torch.tensor(zB)}, torch.ones(len(zA), 2, dtype=torch.bool)


def test_cards_are_registered_and_complete():
    for name, card in CARDS.items():
        assert catalogue().find("fusion", name).card == card
        assert all(option.help for option in card.options)
        assert resolve(card)


def test_listing_them_imports_no_torch():
    code = (
        "import sys, brownout_baselines.plugin as plugin; plugin.brownout_fusions(); sys.exit('torch' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_golden_static_fusions(golden):
    case = golden("jacobian", "static_fusions")
    inputs, out = case["inputs"], case["outputs"]
    sources, present = pair(inputs["zA"][None], inputs["zB"][None])
    task = Task(tuple(map(str, range(10))), tuple(inputs["freq"].tolist()))
    statistical = build("statistical", task, torch.float64, "AB")(sources, present).logits.softmax(-1)[0]
    mean = build("mean", task, torch.float64, "AB")(sources, present).logits.softmax(-1)[0]
    for actual, expected in [(statistical, "stat_eq2"), (statistical, "stat_lemma1"), (mean, "mean")]:
        np.testing.assert_allclose(actual, out[expected], rtol=1e-9)


def test_golden_confidence_weights(golden):
    case = golden("cosine_confidence", "confidence_weighted_mean")
    out = case["outputs"]
    sources, present = pair(case["inputs"]["zA"], case["inputs"]["zB"])
    for modality, name in [("A", "w_entropy_A"), ("B", "w_entropy_B")]:
        np.testing.assert_allclose(confidence(sources[modality]), out[name], rtol=1e-9)
    for kind, name in [("entropy", "fused_entropy_normalised"), ("max", "fused_max_normalised")]:
        fused = build("confidence-mean", TASK, torch.float64, "AB", confidence=kind)(sources, present)
        np.testing.assert_allclose(fused.logits.softmax(-1), out[name], rtol=1e-9)
        np.testing.assert_allclose(sum(fused.weights.values()), 1)
    plain = build("mean", TASK, torch.float64, "AB")(sources, present)
    np.testing.assert_allclose(plain.logits.softmax(-1), out["plain_mean"], rtol=1e-9)


def test_golden_entropy_confidence_is_the_paper_s_and_not_the_code_s(golden):
    case = golden("cosine_confidence", "calc_loss")
    actual = confidence(torch.tensor(case["inputs"]["teacher_logits"])).numpy()
    np.testing.assert_allclose(actual, case["outputs"]["weight_entropy_paper(log number of classes)"], rtol=1e-5)
    as_run = case["outputs"]["weight_entropy_as_run(divides by log BATCH size)"]
    assert np.abs(actual - as_run).max() > 0.01


@pytest.mark.parametrize(("name", "options"), DECISION)
@given(seed=st.integers(0, 1000), scale=st.sampled_from([0.0, 1.0, 100.0, 1e4]))
@settings(deadline=None, max_examples=20)
def test_finite_and_blind_to_what_is_absent(name, options, seed, scale):
    sources, present = batch(scale, seed)
    fusion = build(name, **options)
    expected = fusion(sources, present).logits
    assert expected.isfinite().all()
    for content in (torch.nan, torch.inf):
        spoilt = {each: torch.where(present[:, [i]], sources[each], content) for i, each in enumerate(sources)}
        assert torch.equal(fusion(spoilt, present).logits, expected)


@pytest.mark.parametrize(("name", "options"), DECISION)
def test_nothing_present_predicts_the_class_frequencies(name, options):
    sources, present = batch()
    p = build(name, **options)(sources, present).logits[0].softmax(-1)
    torch.testing.assert_close(p, torch.tensor(TASK.frequencies))


@pytest.mark.parametrize(("name", "options"), DECISION)
def test_a_lone_modality_speaks_for_itself(name, options):
    sources, _ = batch()
    present = torch.tensor([[False, True, False]]).expand(8, 3)
    p = build(name, **options)(sources, present).logits.softmax(-1)
    torch.testing.assert_close(p, sources["video"].softmax(-1))


@pytest.mark.parametrize("scale", [2.0, 1e4])
@pytest.mark.parametrize(("name", "options"), DECISION)
def test_gradients_stay_finite_next_to_absent_nan(name, options, scale):
    sources, present = batch(scale)
    leaves = {
        each: torch.where(present[:, [i]], sources[each], torch.nan).requires_grad_() for i, each in enumerate(sources)
    }
    build(name, **options)(leaves, present).logits.square().sum().backward()
    assert all(leaf.grad is None or leaf.grad.isfinite().all() for leaf in leaves.values())
    assert leaves["video"].grad.any()


@pytest.mark.parametrize(("power", "n"), [("M-1", 2), (1, 1)])
def test_powers_of_the_class_frequencies(power, n):
    sources, _ = batch()
    logits = build("statistical", power=power)(sources, torch.ones(8, 3, dtype=torch.bool)).logits
    torch.testing.assert_close(logits, sum(sources.values()) - n * torch.tensor(TASK.frequencies).log())


def test_confidence_prefers_the_sure_modality_and_uniform_ones_count_alike():
    sources = {"A": torch.tensor([[9.0, 0.0, 0.0, 0.0], [0.0] * 4]), "B": torch.zeros(2, 4)}
    fused = build("confidence-mean", modalities="AB")(sources, torch.ones(2, 2, dtype=torch.bool))
    assert fused.weights["A"][0] > 0.99
    torch.testing.assert_close(fused.weights["A"][1], torch.tensor(0.5))
    torch.testing.assert_close(fused.logits[1].softmax(-1), torch.full((4,), 0.25))


def test_a_class_that_never_occurs():
    task = Task(("a", "b", "c"), (0.5, 0.0, 0.5))
    with pytest.raises(UsageError, match="the training split has no sample of 'b'"):
        Statistical(task, {"m": nn.Linear(2, 3)})
    fused = Mean(task, {"m": nn.Linear(2, 3)})({"m": torch.zeros(1, 3)}, torch.tensor([[False]])).logits
    assert fused.isfinite().all()
    torch.testing.assert_close(fused.softmax(-1), torch.tensor([[0.5, 0.0, 0.5]]))


def test_unimodal_needs_a_modality_that_exists():
    with pytest.raises(UsageError, match="option 'modality': unknown modality 'vidoe'; did you mean 'video'"):
        build("unimodal", modality="vidoe")
    with pytest.raises(UsageError, match="option 'modality' is required"):
        build("unimodal")
