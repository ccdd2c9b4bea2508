"""The fusions as the engine sees them."""

from __future__ import annotations

import subprocess
import sys

import pytest
import torch

import brownout
from brownout.engine.settings import Settings
from brownout_evidential.dynamics import MultimodalDynamics
from brownout_evidential.trusted import etmc, tmc
from brownout_registry import Representation, Task, UsageError, catalogue

NAMES = ["tmc", "etmc", "multimodal-dynamics"]
FACTORIES = {"tmc": tmc, "etmc": etmc, "multimodal-dynamics": MultimodalDynamics}


def tensors(prediction):
    each = [prediction.logits, *prediction.unimodal.values(), *prediction.weights.values()]
    return [value for value in (*each, prediction.uncertainty, prediction.embedding) if value is not None]


def spoil(sources, present, content):
    spoilt = {name: z.clone() for name, z in sources.items()}
    for column, z in enumerate(spoilt.values()):
        z[~present[:, column]] = content
    return spoilt


@pytest.mark.parametrize("content", [torch.nan, torch.inf, -1e4])
@pytest.mark.parametrize("count", [1, 2, 3, 6])
@pytest.mark.parametrize("name", NAMES)
def test_absent_content_goes_nowhere_in_any_pattern(name, count, content, build, batch, step):
    sources, present, target = batch(count)
    fusion, found = build(name, count), []
    for given in (sources, spoil(sources, present, content)):
        fusion.zero_grad()
        torch.manual_seed(0)
        prediction = fusion.train()(given, present)
        loss = fusion.loss(prediction, target, step(0))
        loss.backward()
        gradients = [parameter.grad for parameter in fusion.parameters()]
        assert all(gradient.isfinite().all() and gradient.any() for gradient in gradients)
        found.append([loss, *tensors(prediction), *gradients, *tensors(fusion.eval()(given, present))])
    assert all(each.isfinite().all() for each in found[0])
    assert all(map(torch.equal, *found))


@pytest.mark.parametrize("name", NAMES)
def test_absent_content_does_not_spoil_the_gradients_of_encoders(name, build, batch, step):
    sources, present, target = batch(3)
    leaves = {name: z.requires_grad_() for name, z in spoil(sources, present, torch.nan).items()}
    fusion = build(name, 3)
    fusion.loss(fusion(leaves, present), target, step(0)).backward()
    for column, leaf in enumerate(leaves.values()):
        assert leaf.grad.isfinite().all()
        assert not leaf.grad[~present[:, column]].any()
        assert leaf.grad[present[:, column]].any()


@pytest.mark.parametrize("name", NAMES)
def test_shapes_and_a_batch_of_one(name, build, batch):
    sources, present, _ = batch(3, size=9)
    fusion = build(name, 3).eval()
    whole = fusion(sources, present)
    assert whole.logits.shape == (9, 4)
    assert all(value.shape == (9, 4) for value in whole.unimodal.values())
    assert all(value.shape == (9,) for value in whole.weights.values())
    assert list(whole.unimodal) == list(whole.weights) == list(sources)
    for row in range(9):
        one = fusion({name: z[[row]] for name, z in sources.items()}, present[[row]])
        for alone, among in zip(tensors(one), tensors(whole), strict=True):
            torch.testing.assert_close(alone[0], among[row])


@pytest.mark.parametrize("name", NAMES)
def test_weights_are_saved_and_loaded(name, build, batch):
    sources, present, _ = batch(2)
    fusion, other = build(name, 2).eval(), build(name, 2).eval()
    torch.nn.init.normal_(next(other.parameters()))
    assert not torch.equal(other(sources, present).logits, fusion(sources, present).logits)
    other.load_state_dict(fusion.state_dict())
    assert torch.equal(other(sources, present).logits, fusion(sources, present).logits)


@pytest.mark.parametrize("name", NAMES)
def test_ignored_labels_do_not_count(name, build, batch, step):
    sources, present, target = batch(2, size=8)
    fusion = build(name, 2).eval()
    kept = torch.tensor([1, 2, 4, 7])
    rest = fusion({name: z[kept] for name, z in sources.items()}, present[kept])
    expected = fusion.loss(rest, target[kept], step(2))
    target[[0, 3, 5, 6]] = -100
    torch.testing.assert_close(fusion.loss(fusion(sources, present), target, step(2)), expected)


@pytest.mark.parametrize("name", NAMES)
def test_learns_a_label_that_one_modality_knows(name, build, batch, step):
    sources, _, _ = batch(2, size=64)
    target = (sources["m.0"][:, 0] > 0).long()
    present = torch.ones(64, 2, dtype=torch.bool)
    fusion = build(name, 2)
    optimiser = torch.optim.Adam(fusion.parameters(), lr=0.02)
    for _ in range(150):
        optimiser.zero_grad()
        fusion.loss(fusion(sources, present), target, step(0)).backward()
        optimiser.step()
    prediction = fusion.eval()(sources, present)
    assert (prediction.logits.argmax(-1) == target).float().mean() > 0.9
    assert prediction.weights["m.0"].mean() > prediction.weights["m.1"].mean()


BAD_WIDTHS = [([0], r"option 'hidden' is \[0\]"), (64, "option 'hidden' is 64"), ([1.5], "option 'hidden'")]
BAD = [
    *[(name, {"hidden": hidden}, message) for name in ("tmc", "etmc") for hidden, message in BAD_WIDTHS],
    *[(name, {"evidence": "tanh"}, "option 'evidence' is 'tanh'") for name in ("tmc", "etmc")],
    *[(name, {"risk": "hinge"}, "option 'risk' is 'hinge'") for name in ("tmc", "etmc")],
    *[(name, {"annealing_epochs": 0}, "option 'annealing_epochs' is 0") for name in ("tmc", "etmc")],
    *[(name, {"annealing_start": 2}, "option 'annealing_start' is 2, expected 0 or 1") for name in ("tmc", "etmc")],
    ("multimodal-dynamics", {"hidden": 0}, "option 'hidden' is 0, expected a positive integer"),
    ("multimodal-dynamics", {"hidden": True}, "option 'hidden' is True"),
    ("multimodal-dynamics", {"dropout": 1.0}, r"option 'dropout' is 1.0, expected a number in \[0, 1\)"),
    ("multimodal-dynamics", {"gate_penalty": "max"}, "option 'gate_penalty' is 'max'"),
    ("multimodal-dynamics", {"gate_weight": -1.0}, "option 'gate_weight' is -1.0"),
    ("multimodal-dynamics", {"confidence_weight": float("nan")}, "option 'confidence_weight' is nan"),
    ("multimodal-dynamics", {"unimodal_weight": float("inf")}, "option 'unimodal_weight' is inf"),
]


@pytest.mark.parametrize(("name", "options", "message"), BAD)
def test_mistakes_are_answered(name, options, message):
    task = Task(("a", "b"), (0.5, 0.5))
    with pytest.raises(UsageError, match=f"fusion '{name}', {message}"):
        FACTORIES[name](task, {"m": Representation("vector", (2,))}, **options)


@pytest.mark.parametrize("name", NAMES)
def test_dense_prediction_is_refused(name):
    task = Task(("a", "b"), (0.5, 0.5), kind="dense")
    with pytest.raises(UsageError, match=f"fusion '{name}' predicts one label per sample"):
        FACTORIES[name](task, {"m": Representation("map", (2, 3, 3))})


def test_all_are_registered_and_listing_them_imports_no_torch():
    for name in NAMES:
        assert catalogue().find("fusion", f"brownout-evidential/{name}").card.paper is not None
    code = (
        "import sys; from brownout_evidential import plugin; plugin.brownout_fusions(); "
        "sys.exit('torch' in sys.modules or 'numpy' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_a_suite_from_end_to_end(tmp_path):
    methods = [{"name": name, "fusion": name} for name in NAMES]
    methods.append({"name": "released", "fusion": "etmc", "variant": "released-rgbd"})
    suite = {
        "suite": "evidential",
        "dataset": {"use": "htad"},
        "encoders": {name: {"use": "mlp", "hidden": [16]} for name in ("audio", "accelerometer")},
        "methods": methods,
        "training": {"epochs": 4, "learning_rate": 0.01, "seeds": [0]},
        "protocol": {"missing": {"patterns": "all", "rates": [0.5], "means": "absent"}},
        "metrics": ["accuracy", "nll"],
    }
    run = brownout.run(suite, Settings(out=tmp_path / "run", cache=tmp_path / "cache", device="cpu"))
    assert not run.failures
    accuracy = {(s.method, s.condition.name): s.value for s in run.scores if s.metric == "accuracy"}
    assert {method for method, _ in accuracy} == {*NAMES, "released"}
    clean = {method: value for (method, condition), value in accuracy.items() if condition == "clean"}
    assert all(value > 0.4 for value in clean.values()), clean
