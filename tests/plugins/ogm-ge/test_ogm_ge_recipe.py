"""The recipe beyond two convolutional modalities: any number, missing ones, mistakes, and a suite."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
import torch
from torch import nn
from torch.nn.functional import cross_entropy

import brownout
from brownout.engine.settings import Settings
from brownout_ogm_ge.modulation import coefficients, modulated, ratios, scores
from brownout_ogm_ge.recipe import ogm_ge
from brownout_registry import Batch, Prediction, Step, Task, UsageError, catalogue

CLASSES = 3


class Linear(nn.Module):
    """A linear encoder for each modality; the sum of their unimodal logits."""

    def __init__(self, count=3, tells=True, task=None):
        super().__init__()
        torch.manual_seed(0)
        self.encoders = nn.ModuleDict({f"m{i}": nn.Linear(4, 5) for i in range(count)})
        self.fusion = nn.ModuleList(nn.Linear(5, CLASSES) for _ in range(count))
        self.task, self.tells = task or Task(("a", "b", "c"), (0.2, 0.3, 0.5)), tells

    def forward(self, inputs, present):
        unimodal = {}
        for column, (name, head) in enumerate(zip(inputs, self.fusion, strict=True)):
            features = torch.where(present[:, [column]], self.encoders[name](inputs[name]), 0.0)
            unimodal[name] = head(features)
        logits = torch.stack(list(unimodal.values())).sum(0)
        return Prediction(logits, unimodal=unimodal if self.tells else {})

    def loss(self, prediction, target, step):
        return cross_entropy(prediction.logits, target, ignore_index=self.task.ignore_label)


def batch(count=3, size=8):
    random = torch.Generator().manual_seed(1)
    inputs = {f"m{i}": torch.randn(size, 4, generator=random) for i in range(count)}
    targets = torch.randint(0, CLASSES, (size,), generator=random)
    return Batch(inputs, targets, torch.ones(size, count, dtype=torch.bool))


def step(epoch=0):
    return Step(epoch, 10, torch.arange(8), torch.arange(8), 8)


def gradients(model, data, recipe, epoch=0):
    """Gradients of the encoders as the optimiser's step finds them."""
    optimiser = torch.optim.SGD(model.parameters(), lr=0.0)
    recipe.train_batch(model, data, step(epoch), optimiser)
    return {name: parameter.grad.clone() for name, parameter in model.encoders.named_parameters()}


def plain(model, data):
    model.zero_grad()
    model.loss(model(data.inputs, data.present), data.targets, step()).backward()
    return {name: parameter.grad.clone() for name, parameter in model.encoders.named_parameters()}


@pytest.mark.parametrize("count", [1, 2, 3, 6])
def test_dominant_encoders_are_scaled_and_the_others_are_not(count):
    model, data = Linear(count), batch(count)
    with torch.no_grad():
        model.fusion[0].bias.copy_(8.0 * torch.eye(CLASSES)[data.targets.mode().values])  # ahead of the others
    before = plain(model, data)
    u = scores(torch.stack(list(model(data.inputs, data.present).unimodal.values()), 1), data.targets, data.present)
    k = coefficients(ratios(u, data.present.sum(0)), 0.8).tolist()
    assert (k[0] < 0.9) == (count > 1)
    for name, gradient in gradients(model, data, ogm_ge(enhance=False)).items():
        torch.testing.assert_close(gradient, before[name] * k[int(name[1])])
    assert all(parameter.grad is not None for parameter in model.fusion.parameters())


def test_the_fusion_keeps_its_gradient():
    model, data = Linear(), batch()
    plain(model, data)
    before = [parameter.grad.clone() for parameter in model.fusion.parameters()]
    gradients(model, data, ogm_ge(alpha=3.0))
    after = [parameter.grad for parameter in model.fusion.parameters()]
    assert all(map(torch.equal, before, after))


def test_two_modalities_are_compared_as_in_the_paper_and_more_with_the_mean_of_the_others():
    n = torch.tensor([4, 4, 4])
    torch.testing.assert_close(ratios(torch.tensor([3.0, 2.0]), n[:2]), torch.tensor([1.5, 2 / 3]))
    torch.testing.assert_close(ratios(torch.tensor([3.0, 2.0, 1.0]), n), torch.tensor([2.0, 1.0, 0.4]))


def test_being_there_more_often_is_not_dominance():
    present = torch.tensor([[True, False]] * 6 + [[True, True]] * 2)
    logits = torch.zeros(8, 2, CLASSES)
    u = scores(logits, torch.zeros(8, dtype=torch.int64), present)
    torch.testing.assert_close(u, torch.tensor([8 / 3, 2 / 3]))
    assert coefficients(ratios(u, present.sum(0)), 0.8).tolist() == [1.0, 1.0]


@pytest.mark.parametrize("alpha", [0.0, 0.8])
def test_probabilities_that_underflow_give_finite_coefficients(alpha):
    k = coefficients(ratios(torch.tensor([0.0, 1.0, 0.0]), torch.tensor([1, 1, 0])), alpha)
    assert k.tolist() == [1.0, 1.0 if alpha == 0 else 0.0, 1.0]


def test_what_is_absent_or_has_no_target_reaches_neither_scores_nor_gradients():
    clean = batch()
    present = torch.rand(8, 3, generator=torch.Generator().manual_seed(2)) < 0.5
    present[0], present[:, 2] = True, False
    targets = clean.targets.clone()
    targets[1] = -100
    outcomes = []
    for content in (0.0, 1e4, -1e4):
        inputs = {name: torch.where(present[:, [i]], x, content) for i, (name, x) in enumerate(clean.inputs.items())}
        outcomes.append(gradients(Linear(), Batch(inputs, targets, present), ogm_ge(enhance=False)))
    for name, gradient in outcomes[0].items():
        assert gradient.isfinite().all()
        assert all(torch.equal(other[name], gradient) for other in outcomes)
    logits = torch.where(present[:, :, None], torch.zeros(8, 3, CLASSES), torch.nan)
    counted = present & (targets != -100)[:, None]
    torch.testing.assert_close(scores(logits, targets, counted), counted.sum(0) / CLASSES)


def test_noise_has_the_spread_of_the_unscaled_gradient_and_follows_the_seed():
    g = torch.randn(400, 100, generator=torch.Generator().manual_seed(0)) * 3 + 5
    torch.manual_seed(4)
    added = modulated(g, 0.1, torch.randn_like(g)) - 0.1 * g
    assert added.std().item() == pytest.approx(g.std().item(), rel=0.02)
    runs = []
    for seed in (0, 0, 1):
        model, data = Linear(), batch()
        torch.manual_seed(seed)
        runs.append(gradients(model, data, ogm_ge()))
    assert all(torch.equal(runs[0][name], runs[1][name]) for name in runs[0])
    assert not any(torch.equal(runs[0][name], runs[2][name]) for name in runs[0])


def test_a_gradient_of_one_number_gets_no_noise():
    torch.testing.assert_close(modulated(torch.tensor([2.0]), 0.5, torch.ones(1)), torch.tensor([1.0]))


@pytest.mark.parametrize(("epoch", "changed"), [(1, False), (2, True), (4, True), (5, False)])
def test_only_the_epochs_that_are_named(epoch, changed):
    model, data = Linear(), batch()
    before = plain(model, data)
    after = gradients(model, data, ogm_ge(epochs=[2, 4]), epoch)
    assert [torch.equal(after[name], before[name]) for name in before] == [not changed] * len(before)


def test_frozen_encoders_are_left_alone():
    model, data = Linear(), batch()
    model.encoders["m1"].requires_grad_(False)
    recipe = ogm_ge()
    recipe.train_batch(model, data, step(), torch.optim.SGD(model.parameters(), lr=0.1))
    assert model.encoders["m1"].weight.grad is None


@pytest.mark.parametrize(
    ("model", "options", "message"),
    [
        (lambda: Linear(tells=False), {}, "ModuleList gives none for 'm0', 'm1', 'm2': use one that does"),
        (Linear, {"modulate": "convolutions"}, "none of this method's has a 2-D convolution .* can be 'all'"),
        (lambda: Linear().requires_grad_(False), {}, "none of this method's has parameters that are fitted"),
        (lambda: Linear(task=Task(("a", "b"), (0.5, 0.5), kind="dense")), {}, "does not train dense prediction"),
    ],
)
def test_methods_that_cannot_be_balanced_are_refused_on_the_first_batch(model, options, message):
    model = model()
    with pytest.raises(UsageError, match=message) as caught:
        ogm_ge(**options).train_batch(model, batch(), step(), torch.optim.SGD(model.parameters(), lr=0.1))
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"alpha": -0.1}, "option 'alpha' is -0.1, expected a number from 0"),
        ({"alpha": float("nan")}, "option 'alpha' is nan"),
        ({"modulate": "linear"}, "option 'modulate' is 'linear'"),
        ({"epochs": [5, 2]}, r"option 'epochs' is \[5, 2\], expected the first and the last epoch"),
        ({"epochs": [5]}, "option 'epochs'"),
    ],
)
def test_mistakes_are_answered_in_one_line(options, message):
    with pytest.raises(UsageError, match=message) as caught:
        ogm_ge(**options)
    assert "\n" not in str(caught.value)


def test_is_registered_without_importing_torch():
    card = catalogue().find("training", "brownout-ogm-ge/ogm-ge").card
    assert card.variants["released"] == {"modulate": "convolutions", "epochs": (0, 50)}
    code = (
        "import sys; from brownout_ogm_ge import plugin; plugin.brownout_trainings(); sys.exit('torch' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_a_suite_runs_and_a_method_that_cannot_be_balanced_is_refused(tmp_path: Path):
    suite = {
        "suite": "ogm-ge",
        "dataset": {"use": "digits-views"},
        "encoders": {name: {"use": "mlp", "hidden": [16]} for name in ("pixels", "profiles", "frequency")},
        "methods": [
            {"name": "mmtm", "fusion": "mmtm"},
            {"name": "concatenation", "fusion": "concatenation", "options": {"hidden": []}},
        ],
        "training": {"recipe": "ogm-ge", "options": {"drop": "uniform"}, "epochs": 3, "learning_rate": 0.01},
        "protocol": {"missing": {"patterns": "all", "means": "absent"}},
        "metrics": ["accuracy"],
    }
    run = brownout.run(suite, Settings(tmp_path / "run", tmp_path / "cache", device="cpu"))
    clean = {score.method: score.value for score in run.scores if score.condition.kind == "clean"}
    assert clean.keys() == {"mmtm", "concatenation"}
    assert min(clean.values()) > 0.8
    assert not run.failures
    late = {**suite, "methods": [{"name": "late", "fusion": "mean"}]}
    with pytest.raises(UsageError, match=r"methods\[0\] \(late\): training: .*Unimodal gives none for"):
        brownout.run(late, Settings(tmp_path / "late", tmp_path / "cache", device="cpu"))
