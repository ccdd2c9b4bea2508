"""The fusion strategy as the engine sees it."""

from __future__ import annotations

import subprocess
import sys

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from brownout_baselines.statistical import Statistical
from brownout_jacobian.formulas import regularised_logits
from brownout_jacobian.plugin import brownout_fusions
from brownout_registry import Task, UsageError, bind_options, catalogue, resolve

TASK = Task(("a", "b", "c", "d"), (0.1, 0.2, 0.3, 0.4))


def heads():
    torch.manual_seed(0)
    return {"audio": nn.Linear(8, 4), "image.left": nn.Linear(3, 4), "text": nn.Linear(5, 4)}


def batch(size=6, scale=2.0, seed=0):
    random = torch.Generator().manual_seed(seed)
    sources = {name: scale * torch.randn(size, 4, generator=random) for name in heads()}
    return sources, torch.rand(size, 3, generator=random) < 0.6


def fusion(**options):
    card = brownout_fusions()[0]
    return resolve(card)(TASK, heads(), **bind_options(card, options))


def test_is_registered_and_its_card_is_complete():
    card = catalogue().find("fusion", "brownout-jacobian/jacobian").card
    assert card.level == "decision"
    assert not card.trained
    assert "modalities" in card.oracle
    assert {option.name for option in card.options} == {"gamma", "t_max", "power", "modalities"}
    assert all(option.help for option in card.options)


def test_listing_it_imports_no_torch():
    code = (
        "import sys; from brownout_jacobian import plugin; plugin.brownout_fusions(); plugin.brownout_figures(); "
        "sys.exit(bool({'torch', 'matplotlib', 'numpy'} & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


@pytest.mark.parametrize("power", ["M-1", 1])
def test_gamma_one_is_exactly_statistical_fusion(power):
    sources, present = batch()
    expected = Statistical(TASK, heads(), power=power)(sources, present).logits
    assert torch.equal(fusion(gamma=1, power=power)(sources, present).logits, expected)


@given(st.integers(0, 1000), st.sampled_from([1e-2, 1.0, 100.0, 1e4]), st.floats(0.01, 1), st.integers(1, 3))
@settings(deadline=None, max_examples=40)
def test_finite_and_blind_to_what_is_absent(seed, scale, gamma, t_max):
    sources, present = batch(scale=scale, seed=seed)
    model = fusion(gamma=gamma, t_max=t_max)
    logits = model(sources, present).logits
    assert logits.isfinite().all()
    for content in (torch.nan, torch.inf, -1e4):
        spoilt = {
            name: torch.where(present[:, [column]], sources[name], content) for column, name in enumerate(sources)
        }
        assert torch.equal(model(spoilt, present).logits, logits)


def test_absent_content_does_not_spoil_gradients():
    sources, present = batch()
    leaves = {
        name: torch.where(present[:, [column]], sources[name], torch.nan).requires_grad_()
        for column, name in enumerate(sources)
    }
    fusion()(leaves, present).logits.square().sum().backward()
    for column, leaf in enumerate(leaves.values()):
        assert leaf.grad.isfinite().all()
        assert not leaf.grad[~present[:, column]].any()


def test_order_in_the_batch_does_not_matter():
    sources, present = batch(size=40)
    order = torch.randperm(40)
    whole = fusion()(sources, present).logits
    shuffled = fusion()({name: z[order] for name, z in sources.items()}, present[order]).logits
    torch.testing.assert_close(shuffled, whole[order])


def test_nothing_present_predicts_the_class_frequencies():
    sources, _ = batch(size=1)
    p = fusion()(sources, torch.zeros(1, 3, dtype=torch.bool)).logits.softmax(-1)
    torch.testing.assert_close(p, torch.tensor([TASK.frequencies]))


def test_one_present_modality_is_the_unimodal_form():
    sources, _ = batch(size=3)
    z = sources["text"]
    logits = fusion(gamma=0.2, power=1)(sources, torch.tensor([[False, False, True]] * 3)).logits
    torch.testing.assert_close(logits, regularised_logits(z, z.softmax(-1), heads()["text"].weight, 0.2))


def test_only_named_modalities_are_regularised():
    sources, present = batch()
    only = fusion(modalities="image.left", gamma=0.1)(sources, present).logits
    statistical = fusion(gamma=1)(sources, present).logits
    there = present[:, 1]
    assert torch.equal(only[~there], statistical[~there])
    assert (only[there] - statistical[there]).abs().amax(1).gt(1e-6).all()


def test_state_is_empty_so_that_stale_heads_are_never_loaded():
    assert not fusion().state_dict()
    assert not list(fusion().parameters())


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"gamma": 0}, r"option 'gamma' is 0, expected a number in \(0, 1\]"),
        ({"gamma": "1e-1"}, "option 'gamma' is '1e-1'"),
        ({"gamma": float("nan")}, "option 'gamma' is nan"),
        ({"t_max": 0}, "option 't_max' is 0"),
        ({"power": 2}, "option 'power' is 2, expected one of 'M-1', 1"),
        ({"modalities": "audoi"}, "unknown modality 'audoi'; did you mean 'audio'"),
        ({"modalities": ["text", "txet"]}, "unknown modality 'txet'; did you mean 'text'"),
        ({"modalities": 3}, "unknown modality '3'"),
        ({"modalities": []}, "option 'modalities' is empty"),
    ],
)
def test_mistakes_are_answered(options, message):
    with pytest.raises(UsageError, match=message):
        fusion(**options)


def test_a_class_without_samples_is_refused_by_name():
    with pytest.raises(UsageError, match="no sample of 'b'"):
        Statistical(Task(("a", "b"), (1.0, 0.0)), {"m": nn.Linear(2, 2)})
