"""The fusion strategy as the engine sees it."""

from __future__ import annotations

import subprocess
import sys
from inspect import signature
from itertools import product

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.linalg import solve_sylvester
from torch import nn

from brownout_baselines.statistical import Statistical
from brownout_jacobian.formulas import regularised_logits
from brownout_jacobian.fusion import JacobianFusion
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
    assert {option.name for option in card.options} == set(signature(JacobianFusion).parameters) - {"task", "heads"}
    assert all(option.help for option in card.options)


def test_listing_it_imports_no_torch():
    code = (
        "import sys; from brownout_jacobian import plugin; "
        "[each() for name, each in vars(plugin).items() if name.startswith('brownout_')]; "
        "sys.exit(bool({'torch', 'matplotlib', 'numpy', 'scipy'} & set(sys.modules)))"
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


def algorithm_1(weights, logits, log_freq, regularised, gamma, t_max, n):
    """Algorithm 1 of the paper to the letter: one sample, a dense Sylvester solve for each W."""
    kappa, B = 1 / gamma - 1, [np.linalg.inv(W @ W.T) for W in weights]
    Wm = [np.eye(len(log_freq))] * len(weights)
    for iteration in range(t_max + 1):
        p = np.exp(sum(W @ z for W, z in zip(Wm, logits, strict=True)) - n * log_freq)
        p /= p.sum()
        if iteration < t_max:
            J = np.outer(p, p) - np.diag(p)
            for m in regularised:
                Wm[m] = solve_sylvester(kappa * J @ J, B[m], B[m])
    return p


@pytest.mark.parametrize("t_max", [1, 2, 5])
@pytest.mark.parametrize("count", [1, 2, 3, 6])
def test_follows_algorithm_1_for_any_number_of_modalities_and_every_pattern(count, t_max):
    random = np.random.default_rng(count)
    weights = [random.normal(size=(4, 5 + m)) for m in range(count)]
    logits = 2 * random.normal(size=(2**count - 1, count, 4))
    present = np.array(list(product([False, True], repeat=count))[1:])
    layers = {}
    for m, W in enumerate(weights):
        layers[f"m{m}"] = nn.Linear(*W.T.shape, dtype=torch.float64)
        layers[f"m{m}"].weight.data = torch.tensor(W)
    sources = {
        f"m{m}": torch.tensor(np.where(present[:, m, None], logits[:, m], np.nan)).double() for m in range(count)
    }
    for regularised in ([0], list(range(count))):
        names = [f"m{m}" for m in regularised]
        model = JacobianFusion(TASK, layers, gamma=0.1, t_max=t_max, modalities=names)
        fused = model(sources, torch.tensor(present)).logits.softmax(-1)
        for row, there in enumerate(present):
            at = [m for m in range(count) if there[m]]
            chosen = [place for place, m in enumerate(at) if m in regularised]
            given = ([weights[m] for m in at], [logits[row, m] for m in at], np.log(TASK.frequencies))
            expected = algorithm_1(*given, chosen, 0.1, t_max, len(at) - 1)
            np.testing.assert_allclose(fused[row], expected, rtol=1e-9)


def test_an_unknown_perturbed_modality_costs_no_oracle():
    card = brownout_fusions()[0]
    assert not card.oracle_note({"modalities": "all"})
    assert card.oracle_note({"modalities": "audio"})
    sources, present = batch()
    both = fusion(modalities=["text", "image.left", "audio", "text"])(sources, present).logits
    torch.testing.assert_close(fusion()(sources, present).logits, both)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("device", ["cpu", "cuda"])
def test_device_and_precision_are_those_of_the_inputs(device, dtype):
    if device == "cuda" and not torch.cuda.is_available():
        pytest.skip("no CUDA device")
    sources, present = batch()
    expected = fusion(t_max=2, diagnostics=True)({name: z.double() for name, z in sources.items()}, present)
    for moved in (
        fusion(t_max=2, diagnostics=True).to(device),
        JacobianFusion(
            TASK, {name: head.to(device, dtype) for name, head in heads().items()}, t_max=2, diagnostics=True
        ),
    ):
        found = moved({name: z.to(device, dtype) for name, z in sources.items()}, present.to(device))
        assert (found.logits.device.type, found.logits.dtype) == (device, dtype)
        torch.testing.assert_close(found.logits.double().cpu(), expected.logits, rtol=1e-5, atol=1e-5)
        for name, values in found.diagnostics.items():
            assert values.device.type == device
            torch.testing.assert_close(values.double().cpu(), expected.diagnostics[name].double(), rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("t_max", [1, 3])
def test_the_sylvester_solver_agrees(t_max):
    wide = {"audio": nn.Linear(8, 4), "text": nn.Linear(5, 4)}
    sources, present = batch(size=20)
    pair = {name: sources[name] for name in wide}
    options = {"gamma": 0.1, "t_max": t_max, "diagnostics": True}
    fast, slow = (
        JacobianFusion(TASK, wide, solver=solver, **options)(pair, present[:, :2]) for solver in ("eigen", "sylvester")
    )
    assert slow.logits.dtype == torch.float32
    torch.testing.assert_close(slow.logits, fast.logits, rtol=1e-5, atol=1e-5)
    torch.testing.assert_close(slow.diagnostics, fast.diagnostics, rtol=1e-4, atol=1e-6)
    empty = JacobianFusion(TASK, wide, solver="sylvester", **options)(
        {n: z[:0] for n, z in pair.items()}, present[:0, :2]
    )
    assert empty.logits.shape == (0, 4)


def test_the_sylvester_solver_refuses_what_it_cannot_do():
    message = r"'solver' is 'sylvester', but for 'image.left' W Wᵀ is singular \(4 classes, 3 features\), use 'eigen'$"
    with pytest.raises(UsageError, match=message):
        fusion(solver="sylvester")
    dependent = nn.Linear(8, 4)
    with torch.no_grad():
        dependent.weight[3] = dependent.weight[:3].sum(0)
    with pytest.raises(UsageError, match=r"W Wᵀ is singular \(4 classes, 8 features\)"):
        JacobianFusion(TASK, {"audio": dependent}, solver="sylvester")
    sources, present = batch()
    leaves = {name: z.requires_grad_() for name, z in sources.items()}
    with pytest.raises(UsageError, match="gives no gradients, use 'eigen'"):
        fusion(solver="sylvester", modalities=["audio", "text"])(leaves, present)


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
        ({"solver": "svd"}, "option 'solver' is 'svd', expected one of 'eigen', 'sylvester'"),
    ],
)
def test_mistakes_are_answered(options, message):
    with pytest.raises(UsageError, match=message):
        fusion(**options)


def test_a_class_without_samples_is_refused_by_name():
    with pytest.raises(UsageError, match="no sample of 'b'"):
        Statistical(Task(("a", "b"), (1.0, 0.0)), {"m": nn.Linear(2, 2)})
