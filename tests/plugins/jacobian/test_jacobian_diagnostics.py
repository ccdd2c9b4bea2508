"""What the fusion tells of each sample, and the metrics made of it."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from brownout_jacobian.formulas import jacobian, weight_matrix
from brownout_jacobian.fusion import JacobianFusion
from brownout_jacobian.metrics import changed_predictions, sensitivity, theorem_bound
from brownout_jacobian.norms import bound
from brownout_jacobian.plugin import brownout_metrics
from brownout_registry import Stored, Task, UsageError

TASK = Task(("a", "b", "c", "d"), (0.1, 0.2, 0.3, 0.4))
NAMES = ("audio", "image.left")


def setting(gamma=0.1, size=12, seed=0, **options):
    """A fusion of two modalities, logits and which are present."""
    torch.manual_seed(seed)
    heads = {"audio": nn.Linear(8, 4).double(), "image.left": nn.Linear(3, 4).double()}
    sources = {name: 2 * torch.randn(size, 4, dtype=torch.float64) for name in heads}
    fusion = JacobianFusion(TASK, heads, gamma=gamma, **{"diagnostics": True, **options})
    return fusion, heads, sources, torch.rand(size, 2) < 0.7


def stored(**fields):
    there = np.array([[True, False], [True, True], [False, False], [False, True]])
    return Stored(np.arange(4), np.zeros(4, int), np.zeros((4, 3)), there, NAMES, **fields)


def test_it_is_off_by_default_and_changes_no_logits():
    told, *_, sources, present = setting()
    plain = setting(diagnostics=False)[0]
    assert not plain(sources, present).diagnostics
    assert torch.equal(plain(sources, present).logits, told(sources, present).logits)
    leaves = {name: z.requires_grad_() for name, z in sources.items()}
    assert not any(each.requires_grad for each in told(leaves, present).diagnostics.values())


@pytest.mark.parametrize("gamma", [1, 0.5, 0.01])
@pytest.mark.parametrize("t_max", [1, 3])
def test_they_are_the_norms_of_the_last_iteration(gamma, t_max):
    fusion, heads, sources, present = setting(gamma, t_max=t_max)
    found = fusion(sources, present)
    p = setting(gamma=1 if t_max == 1 else gamma, t_max=max(1, t_max - 1))[0](sources, present).logits.softmax(-1)
    for column, name in enumerate(heads):
        W, norms = heads[name].weight.detach(), found.diagnostics[f"sensitivity.{name}"]
        expected = torch.linalg.matrix_norm(jacobian(p) @ weight_matrix(p, W, gamma) @ W)
        torch.testing.assert_close(norms, torch.where(present[:, column], expected, 0.0))
    assert found.diagnostics["bound"].tolist() == [bound(gamma, 4)] * 12
    statistical = setting(gamma=1)[0](sources, present).logits
    moved = found.logits.argmax(1) != statistical.argmax(1)
    assert torch.equal(found.diagnostics["changed"].bool(), moved)
    assert found.diagnostics["changed"].any() == (gamma == 0.01)


def test_only_what_is_regularised_is_told():
    fusion, _, sources, present = setting(modalities="audio")
    assert set(fusion(sources, present).diagnostics) == {"sensitivity.audio", "bound", "changed"}


def test_what_is_absent_reaches_no_diagnostic():
    fusion, _, sources, present = setting()
    spoilt = {name: z.masked_fill(~present[:, [i]], torch.nan) for i, (name, z) in enumerate(sources.items())}
    for name, values in fusion(spoilt, present).diagnostics.items():
        assert torch.equal(values, fusion(sources, present).diagnostics[name])


@given(st.integers(0, 1000), st.floats(0.001, 0.999), st.integers(1, 3))
@settings(deadline=None, max_examples=40)
def test_the_sensitivity_keeps_the_bound(seed, gamma, t_max):
    fusion, _, sources, present = setting(gamma, seed=seed, t_max=t_max)
    found = fusion(sources, present).diagnostics
    for name in NAMES:
        assert (found[f"sensitivity.{name}"] <= found["bound"] + 1e-12).all()


def test_at_the_fixed_point_the_sensitivity_is_the_size_of_the_derivative():
    """Eq. 4: of the prediction by the features of one modality, W_a kept; there p' and p are the same."""
    fusion, heads, _, _ = setting(0.5, modalities="audio", t_max=300)
    features, there = torch.randn(8, dtype=torch.float64), torch.ones(1, 2, dtype=torch.bool)
    other = torch.randn(1, 4, dtype=torch.float64)
    with torch.no_grad():
        fused = fusion({"audio": heads["audio"](features)[None], "image.left": other}, there)
        Wa = weight_matrix(fused.logits[0].softmax(0), heads["audio"].weight, 0.5)

    def prediction(h):
        return (Wa @ heads["audio"](h) + other[0] - fusion.log_freq).softmax(0)

    derivative = torch.autograd.functional.jacobian(prediction, features)
    torch.testing.assert_close(prediction(features).detach(), fused.logits[0].softmax(0))
    torch.testing.assert_close(fused.diagnostics["sensitivity.audio"][0], derivative.norm())


def test_sensitivity_counts_the_samples_in_which_a_modality_is_present():
    found = {"sensitivity.audio": np.array([1.0, 2.0, 9.0, 9.0]), "sensitivity.image.left": np.array([9.0, 4, 9, 6])}
    whole = stored(diagnostics=found)
    assert sensitivity(whole, modality="audio") == 1.5
    assert sensitivity(whole, modality="image.left") == 5
    assert sensitivity(whole) == (1 + 4 + 6) / 3
    only = stored(diagnostics={"sensitivity.audio": found["sensitivity.audio"]})
    assert sensitivity(only) == 1.5
    assert np.isnan(sensitivity(only, modality="image.left"))


def test_dense_predictions_count_each_place_but_the_ignored():
    there = np.array([[True], [False]])
    targets = np.array([[[0, -100]], [[1, 1]]])
    found = {
        "sensitivity.rgb": np.array([[[3.0, 100.0]], [[50.0, 50.0]]]),
        "changed": np.array([[[1.0, 1.0]], [[0.0, 0.0]]]),
    }
    dense = Stored(np.arange(2), targets, np.zeros((2, 2, 1, 2)), there, ("rgb",), diagnostics=found)
    assert sensitivity(dense) == 3
    assert changed_predictions(dense) == pytest.approx(1 / 3)


@pytest.mark.parametrize("metric", [sensitivity, theorem_bound, changed_predictions])
@pytest.mark.parametrize("given", [{}, {"something-else": np.zeros(4)}])
def test_a_method_without_diagnostics_has_no_value(metric, given):
    assert np.isnan(metric(stored(diagnostics=given)))


def test_nothing_present_has_no_sensitivity():
    nobody = Stored(
        np.arange(2), np.zeros(2, int), np.zeros((2, 3)), np.zeros((2, 2), bool), NAMES,
        diagnostics={"sensitivity.audio": np.zeros(2)},
    )  # fmt: skip
    assert np.isnan(sensitivity(nobody))


def test_an_unknown_modality_is_answered():
    with pytest.raises(UsageError, match="unknown modality 'audoi'; did you mean 'audio'"):
        sensitivity(stored(), modality="audoi")


def test_the_cards_say_what_the_metrics_need():
    assert {card.name for card in brownout_metrics()} == {
        "jacobian-sensitivity",
        "jacobian-bound",
        "changed-predictions",
    }
    assert all(card.needs == ("diagnostics",) for card in brownout_metrics())
