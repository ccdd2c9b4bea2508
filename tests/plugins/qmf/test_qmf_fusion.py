"""The fusion: missing patterns, weights, gradients, options."""

from __future__ import annotations

import subprocess
import sys

import pytest
import torch

from brownout_qmf.fusion import qmf
from brownout_qmf.plugin import brownout_fusions
from brownout_registry import Representation, Task, UsageError, catalogue

SETTINGS = [
    (None, {}),
    (None, {"hidden": [6]}),
    ("released-text-image", {}),
    ("released-rgbd", {}),
    ("late-fusion", {}),
    ("late-fusion-released", {}),
    (None, {"uncertainty": "max-probability", "rank_loss": "crl-margin"}),
    (None, {"uncertainty": "entropy", "update": "after"}),
    (None, {"uncertainty": "evidence", "dynamic": False}),
]
each_setting = pytest.mark.parametrize(("variant", "options"), SETTINGS, ids=str)


def tensors(prediction):
    every = (*prediction.unimodal.values(), *prediction.weights.values(), *prediction.terms.values())
    return [prediction.logits, prediction.uncertainty, *every]


def spoil(sources, present, content):
    spoilt = {name: z.clone() for name, z in sources.items()}
    for column, z in enumerate(spoilt.values()):
        z[~present[:, column]] = content
    return spoilt


@pytest.mark.parametrize("content", [torch.nan, torch.inf, -1e4])
@pytest.mark.parametrize("count", [1, 2, 3, 6])
@each_setting
def test_absent_content_goes_nowhere_in_any_pattern(variant, options, count, content, build, batch, step):
    sources, present, target = batch(count)
    found = []
    for given in (sources, spoil(sources, present, content)):
        fusion = build(count, variant, **options)
        losses = []
        for _ in range(2):
            fusion.zero_grad()
            prediction = fusion.train()(given, present)
            losses.append(fusion.loss(prediction, target, step(range(70))))
            losses[-1].backward()
        gradients = [parameter.grad for parameter in fusion.parameters()]
        assert all(gradient.isfinite().all() and gradient.any() for gradient in gradients)
        buffers = [fusion.history.total, fusion.history.seen]
        found.append([*losses, *tensors(prediction), *gradients, *buffers, *tensors(fusion.eval()(given, present))])
    assert all(each.isfinite().all() for each in found[0])
    assert all(map(torch.equal, *found))


@each_setting
def test_absent_content_does_not_spoil_the_gradients_of_encoders(variant, options, build, batch, step):
    sources, present, target = batch(3)
    leaves = {name: z.requires_grad_() for name, z in spoil(sources, present, torch.nan).items()}
    fusion = build(3, variant, **options)
    fusion.loss(fusion(leaves, present), target, step(range(70))).backward()
    for column, leaf in enumerate(leaves.values()):
        assert leaf.grad.isfinite().all()
        assert not leaf.grad[~present[:, column]].any()
        assert leaf.grad[present[:, column]].any()


@each_setting
def test_shapes_and_a_batch_of_one(variant, options, build, batch):
    sources, present, _ = batch(3, size=9)
    fusion = build(3, variant, **options).eval()
    whole = fusion(sources, present)
    assert whole.logits.shape == (9, 4)
    assert all(value.shape == (9, 4) for value in whole.unimodal.values())
    assert all(value.shape == (9,) for value in (*whole.weights.values(), whole.uncertainty))
    assert list(whole.unimodal) == list(whole.weights) == list(sources)
    for row in range(9):
        one = fusion({name: z[[row]] for name, z in sources.items()}, present[[row]])
        for alone, among in zip(tensors(one), tensors(whole), strict=True):
            torch.testing.assert_close(alone[0], among[row])


def test_training_on_one_sample_or_on_nothing_is_finite(build, batch, step):
    sources, present, target = batch(2, size=4)
    for rows in ([3], [0], [0, 0]):
        fusion = build(2)
        prediction = fusion({name: z[rows] for name, z in sources.items()}, present[rows])
        loss = fusion.loss(prediction, target[rows], step(range(len(rows)), 9))
        loss.backward()
        assert loss.isfinite()
    torch.testing.assert_close(loss, torch.tensor(4.0).log())
    assert all(not parameter.grad.any() for parameter in fusion.parameters())


def test_what_is_present_is_weighted_by_its_energy(build, batch):
    sources, present, _ = batch(3)
    prediction = build(3)(sources, present)
    expected = torch.zeros(70, 4)
    for column, name in enumerate(sources):
        f, there = prediction.unimodal[name], present[:, column]
        w = torch.where(there, 0.1 * f.logsumexp(-1), 0.0)
        torch.testing.assert_close(prediction.weights[name], w)
        assert not f[~there].any()
        expected += w[:, None] * f
    torch.testing.assert_close(prediction.logits, expected)
    torch.testing.assert_close(prediction.uncertainty, -expected.logsumexp(-1))
    assert not prediction.logits[~present.any(1)].any()


@pytest.mark.parametrize(("kind", "low"), [("max-probability", 0.25), ("entropy", 0.0), ("evidence", 0.0)])
def test_other_uncertainties_weigh_between_0_and_1(identity, kind, low):
    f = torch.tensor([[0.0, 0, 0, 0], [1, 0, 0, 0], [3, 0, 0, 0], [60, 0, 0, 0]], dtype=torch.float64)
    there = torch.ones(4, 1, dtype=torch.bool)
    w = identity(["m"], uncertainty=kind)({"m": f}, there).weights["m"].detach()
    assert (w.diff() > 0).all()
    assert ((w > -1e-12) & (w <= 1)).all()
    if kind == "evidence":
        evidence = torch.nn.functional.softplus(f).sum(-1)
        torch.testing.assert_close(w, evidence / (evidence + 4))
    else:
        torch.testing.assert_close(w[[0, 3]], torch.tensor([low, 1.0], dtype=torch.float64))
        p = f.softmax(-1)
        expected = p.amax(-1) if kind == "max-probability" else 1 + (p * p.log()).sum(-1) / torch.tensor(4.0).log()
        torch.testing.assert_close(w, expected, check_dtype=False)
    steep = identity(["m"], uncertainty=kind, alpha=-2.0, beta=0.5)({"m": f}, there).weights["m"].detach()
    torch.testing.assert_close(steep, 0.5 - 2 * (1 - w))


def test_static_fusion_shares_equally_among_the_present(build, batch):
    sources, present, _ = batch(3)
    prediction = build(3, "late-fusion")(sources, present)
    share = 1 / present.sum(1).clamp_min(1)
    for column, name in enumerate(sources):
        torch.testing.assert_close(prediction.weights[name], torch.where(present[:, column], share, 0.0))
    torch.testing.assert_close(prediction.logits, sum(prediction.unimodal.values()) * share[:, None])


def test_the_released_late_fusion_is_static_in_training_and_dynamic_in_evaluation(build, batch):
    sources, present, _ = batch(2)
    released, static, dynamic = build(2, "late-fusion-released"), build(2, "late-fusion"), build(2)
    assert torch.equal(released.train()(sources, present).logits, static.train()(sources, present).logits)
    assert torch.equal(released.eval()(sources, present).logits, dynamic.eval()(sources, present).logits)
    assert not torch.equal(released(sources, present).logits, static(sources, present).logits)


def test_detached_weights_pass_no_gradient(build, batch, step):
    sources, present, target = batch(2)
    gradients = {}
    for detach in (False, True):
        fusion = build(2, detach=detach, lam=0, unimodal_loss=False)
        prediction = fusion(sources, present)
        fusion.loss(prediction, target, step(range(70))).backward()
        gradients[detach] = fusion.classifiers[0][0].weight.grad
        constant = {name: w.detach() for name, w in prediction.weights.items()}
    fusion.zero_grad()
    again = fusion(sources, present)
    fused = sum(constant[name][:, None] * again.unimodal[name] for name in sources)
    torch.nn.functional.cross_entropy(fused, target).backward()
    torch.testing.assert_close(gradients[True], fusion.classifiers[0][0].weight.grad)
    assert not torch.allclose(gradients[False], gradients[True])


def test_weights_are_saved_and_loaded_without_the_history(build, batch, step):
    sources, present, target = batch(2)
    fusion, other = build(2, hidden=[7]), build(2, hidden=[7])
    torch.nn.init.normal_(next(other.parameters()))
    fusion.loss(fusion(sources, present), target, step(range(70))).backward()
    assert fusion.history.total.any()
    assert not any("history" in key for key in fusion.state_dict())
    assert not torch.equal(other(sources, present).logits, fusion(sources, present).logits)
    other.load_state_dict(fusion.state_dict())
    assert torch.equal(other(sources, present).logits, fusion(sources, present).logits)


@pytest.mark.parametrize(
    "variant", [None, "released-text-image", "released-rgbd", "late-fusion", "late-fusion-released"]
)
def test_learns_a_label_that_one_modality_knows(variant, build, batch, step):
    sources, _, _ = batch(2, size=64)
    target = (sources["m.0"][:, 0] > 0).long()
    present = torch.ones(64, 2, dtype=torch.bool)
    fusion = build(2, variant)
    optimiser = torch.optim.Adam(fusion.parameters(), lr=0.1)
    for _ in range(60):
        optimiser.zero_grad()
        fusion.loss(fusion(sources, present), target, step(range(64))).backward()
        optimiser.step()
    assert (fusion.eval()(sources, present).logits.argmax(-1) == target).float().mean() > 0.9


BAD = [
    ({"hidden": [0]}, r"option 'hidden' is \[0\], expected a list of positive integers"),
    ({"hidden": 64}, "option 'hidden' is 64"),
    ({"hidden": [1.5]}, "option 'hidden'"),
    ({"hidden": [True]}, "option 'hidden'"),
    ({"uncertainty": "variance"}, "option 'uncertainty' is 'variance', expected one of energy, max-probability"),
    ({"temperature": 0}, "option 'temperature' is 0, expected a positive number"),
    ({"temperature": float("inf")}, "option 'temperature' is inf"),
    ({"temperature": 2.0, "uncertainty": "evidence"}, "option 'temperature' is 2.0, expected 1: uncertainty 'evidence"),
    ({"alpha": 0.1}, "option 'alpha' is 0.1, expected a number below 0"),
    ({"alpha": True}, "option 'alpha' is True"),
    ({"beta": -0.1}, "option 'beta' is -0.1, expected a number from 0"),
    ({"beta": float("nan")}, "option 'beta' is nan"),
    ({"dynamic": "training"}, "option 'dynamic' is 'training', expected true, false or 'evaluation'"),
    ({"detach": 1}, "option 'detach' is 1, expected true or false"),
    ({"lam": -1.0}, "option 'lam' is -1.0, expected a number from 0"),
    ({"rank_loss": "hinge"}, "option 'rank_loss' is 'hinge'"),
    ({"history": "last"}, "option 'history' is 'last', expected one of mean, sum"),
    ({"update": "never"}, "option 'update' is 'never'"),
    ({"normalise_history": None}, "option 'normalise_history' is None"),
    ({"unimodal_loss": "yes"}, "option 'unimodal_loss' is 'yes'"),
]


@pytest.mark.parametrize(("options", "message"), BAD)
def test_mistakes_are_answered(options, message):
    task = Task(("a", "b"), (0.5, 0.5))
    with pytest.raises(UsageError, match=f"fusion 'qmf', {message}") as caught:
        qmf(task, {"m": Representation("vector", (2,))}, **options)
    assert "\n" not in str(caught.value)


def test_dense_prediction_is_refused():
    task = Task(("a", "b"), (0.5, 0.5), kind="dense")
    with pytest.raises(UsageError, match="fusion 'qmf' predicts one label per sample"):
        qmf(task, {"m": Representation("map", (2, 3, 3))})


def test_it_is_registered_and_listing_it_imports_no_torch():
    assert catalogue().find("fusion", "brownout-qmf/qmf").card.paper is not None
    assert set(brownout_fusions()[0].variants) == {
        "released-text-image",
        "released-rgbd",
        "late-fusion",
        "late-fusion-released",
    }
    code = (
        "import sys; from brownout_qmf import plugin; plugin.brownout_fusions(); plugin.brownout_published(); "
        "sys.exit('torch' in sys.modules or 'numpy' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
