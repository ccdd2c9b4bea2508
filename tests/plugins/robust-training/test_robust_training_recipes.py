"""What holds for every recipe: any modalities, any missing pattern, one call of the loss for each optimiser step."""

from __future__ import annotations

import subprocess
import sys

import pytest
import torch
from torch import nn

from brownout_baselines.concatenation import Concatenation
from brownout_registry import Batch, Padded, Representation, Task, TrainingRecipe, UsageError, bind_options, catalogue
from brownout_robust_training.plugin import brownout_trainings

RECIPES = [
    ("modality-dropout", {}),
    ("modality-dropout", {"patterns": "uniform"}),
    ("modality-dropout", {"patterns": "all-copies"}),
    ("adversarial", {}),
    ("adversarial", {"norm": "l2", "drop": "uniform"}),
    ("free", {"m": 2}),
    ("free", {"m": 2, "drop": "bernoulli"}),
    ("stability", {}),
    ("stability", {"unit": "batch-std", "drop": "uniform"}),
    ("mixup", {}),
    ("mixup", {"targets": "draw", "drop": "bernoulli"}),
]
KINDS = ["vector", "map", "sequence", "vector2", "sequence2", "map2"]


def fitted(model, recipe, batch, step, sgd, batches=2):
    torch.manual_seed(1)
    optimiser = sgd(model)
    losses = [recipe.train_batch(model, batch, step, optimiser) for _ in range(batches)]
    return losses, {name: value.clone() for name, value in model.state_dict().items()}


@pytest.mark.parametrize("modalities", [1, 2, 3, 6])
@pytest.mark.parametrize(("name", "options"), RECIPES)
def test_any_number_and_kind_of_modality(make_model, make_batch, build, sgd, name, options, modalities):
    names = KINDS[:modalities]
    model, recipe = make_model(names, norm=True, dropout=0.5), build(name, **options)
    assert isinstance(recipe, TrainingRecipe)
    before = {key: value.clone() for key, value in model.named_parameters()}
    losses, _ = fitted(model, recipe, *make_batch(names, missing=0.3), sgd)
    assert all(isinstance(loss, float) and loss > 0 for loss in losses)
    for key, value in model.named_parameters():
        assert value.isfinite().all()
        assert not torch.equal(value, before[key]), key
    assert all(module.training for module in model.modules())


@pytest.mark.parametrize(("name", "options"), RECIPES)
def test_what_an_absent_modality_holds_changes_nothing(make_model, make_batch, build, sgd, name, options):
    names = ["vector", "map", "sequence"]
    batch, step = make_batch(names, missing=0.5)
    spoilt = {}
    for column, (key, inputs) in enumerate(batch.inputs.items()):
        values = inputs.values if isinstance(inputs, Padded) else inputs
        there = batch.present[:, column].reshape(-1, *[1] * (values.ndim - 1))
        other = torch.where(there, values, 1e3)
        spoilt[key] = Padded(other, inputs.lengths) if isinstance(inputs, Padded) else other
    assert not torch.equal(spoilt["vector"], batch.inputs["vector"])
    one = fitted(make_model(names), build(name, **options), batch, step, sgd)
    other = fitted(make_model(names), build(name, **options), Batch(spoilt, batch.targets, batch.present), step, sgd)
    assert one[0] == other[0]
    assert all(torch.equal(value, other[1][key]) for key, value in one[1].items())


@pytest.mark.parametrize(("name", "options"), RECIPES)
def test_the_same_seed_gives_the_same_weights_and_the_inputs_stay(make_model, make_batch, build, sgd, name, options):
    names = ["vector", "sequence"]
    batch, step = make_batch(names)
    kept = batch.inputs["vector"].clone(), batch.inputs["sequence"].values.clone(), batch.present.clone()
    runs = [fitted(make_model(names, dropout=0.5), build(name, **options), batch, step, sgd)[1] for _ in range(2)]
    assert all(torch.equal(value, runs[1][key]) for key, value in runs[0].items())
    assert torch.equal(batch.inputs["vector"], kept[0])
    assert torch.equal(batch.inputs["sequence"].values, kept[1])
    assert torch.equal(batch.present, kept[2])


class OwnLoss(Concatenation):
    """A fusion with a loss of its own."""

    def loss(self, prediction, target, step):
        assert len(prediction.logits) == len(target) == len(step.ids) == len(step.rows)
        return nn.functional.cross_entropy(prediction.logits, target) + prediction.logits.square().mean()


@pytest.mark.parametrize(("name", "options"), RECIPES)
def test_a_fusion_s_own_loss_is_called_once_for_each_optimiser_step(make_model, make_batch, build, sgd, name, options):
    names = ["vector", "sequence"]
    fusion = OwnLoss(Task(("a", "b", "c"), (0.4, 0.3, 0.3)), {n: Representation("vector", (4,)) for n in names})
    model, (batch, step) = make_model(names, fusion), make_batch(names)
    optimiser, steps = sgd(model), []
    optimiser.register_step_post_hook(lambda *_: steps.append(len(model.calls.steps)))
    build(name, **options).train_batch(model, batch, step, optimiser)
    assert steps == list(range(1, options.get("m", 1) + 1))
    labels = dict(zip(step.ids.tolist(), batch.targets.tolist(), strict=True))
    for seen, targets in zip(model.calls.steps, model.calls.targets, strict=True):
        assert [labels[sample] for sample in seen.ids.tolist()] == targets.tolist()
        assert (seen.ids - seen.rows == 100).all()


@pytest.mark.parametrize("name", ["adversarial", "free", "stability", "mixup"])
def test_each_goes_with_and_without_modality_dropout(make_model, make_batch, build, sgd, name):
    names = ["vector", "map", "sequence"]
    batch, step = make_batch(names, size=64, missing=0.2)
    for drop, largest in [("none", 64), ("bernoulli", 63), ("uniform", 63)]:
        model = make_model(names)
        build(name, drop=drop).train_batch(model, batch, step, sgd(model))
        masks = [present for _, present in model.trained_on]
        assert all(torch.equal(mask, masks[0]) for mask in masks)
        assert not (masks[0] & ~batch.present).any()
        assert masks[0].any(1).all()
        same = int((masks[0] == batch.present).all(1).sum())
        assert 0 < same <= largest
        assert drop != "none" or same == 64


@pytest.mark.parametrize(("name", "options"), RECIPES)
def test_clip_bounds_the_gradient(make_model, make_batch, build, sgd, name, options):
    names, clip = ["vector", "map"], 1e-3
    model, (batch, step) = make_model(names), make_batch(names)
    before = nn.utils.parameters_to_vector(model.parameters()).detach().clone()
    build(name, clip=clip, **options).train_batch(model, batch, step, sgd(model, 1.0))
    moved = (nn.utils.parameters_to_vector(model.parameters()) - before).norm()
    assert 0 < moved <= clip * options.get("m", 1) * 1.01


class Dense(nn.Module):
    """Logits [B, K, H, W] from maps."""

    def __init__(self):
        super().__init__()
        self.layer = nn.Conv2d(4, 2, 1)

    def forward(self, sources, present):
        from brownout_registry import Prediction

        return Prediction(self.layer(torch.where(present[:, :1, None, None], sources["map"], 0.0)))


@pytest.mark.parametrize(("name", "options"), RECIPES)
def test_dense_prediction_with_a_label_that_does_not_count(make_batch, build, sgd, name, options):
    from brownout.engine.models import Joint

    batch, step = make_batch(["map"])
    targets = torch.randint(2, (8, 2, 3), generator=torch.Generator().manual_seed(0))
    targets[:, 0] = 255
    model = Joint({}, Dense(), Task(("a", "b"), (0.5, 0.5), kind="dense", ignore_label=255)).train()
    losses, weights = fitted(model, build(name, **options), Batch(batch.inputs, targets, batch.present), step, sgd)
    assert all(loss > 0 for loss in losses)
    assert all(value.isfinite().all() for value in weights.values())


@pytest.mark.parametrize("name", ["adversarial", "free", "stability"])
def test_text_is_left_alone_or_refused(make_model, make_batch, build, sgd, name):
    names = ["text", "vector"]
    model, (batch, step) = make_model(names), make_batch(names)
    build(name).train_batch(model, batch, step, sgd(model))
    inputs, _ = model.trained_on[-1]
    assert inputs["text"] == batch.inputs["text"]
    assert not torch.equal(inputs["vector"], batch.inputs["vector"])
    for chosen, message in [
        ("text", rf"recipe '{name}', option 'modalities': 'text' is text, to which no numbers can be added"),
        (["vector", "text"], "'text' is text"),
        ("vectro", "unknown modality 'vectro'; did you mean 'vector'"),
    ]:
        with pytest.raises(UsageError, match=message):
            build(name, modalities=chosen).train_batch(model, batch, step, sgd(model))
    only, (texts, step) = make_model(["text"]), make_batch(["text"])
    with pytest.raises(UsageError, match=f"recipe '{name}' adds numbers to inputs, but 'text' is text"):
        build(name).train_batch(only, texts, step, sgd(only))


@pytest.mark.parametrize("name", ["adversarial", "free", "stability"])
def test_only_named_modalities_change(make_model, make_batch, build, sgd, name):
    names = ["vector", "map"]
    model, (batch, step) = make_model(names), make_batch(names)
    build(name, modalities=["map"]).train_batch(model, batch, step, sgd(model))
    inputs, _ = model.trained_on[-1]
    assert torch.equal(inputs["vector"], batch.inputs["vector"])
    assert not torch.equal(inputs["map"], batch.inputs["map"])


def test_text_cannot_be_mixed(make_model, make_batch, build, sgd):
    model, (batch, step) = make_model(["vector", "text"]), make_batch(["vector", "text"])
    with pytest.raises(UsageError, match="recipe 'mixup': 'text' is text, which cannot be mixed; put its encoder on"):
        build("mixup").train_batch(model, batch, step, sgd(model))


@pytest.mark.parametrize("card", brownout_trainings(), ids=lambda card: card.name)
def test_cards(card, build):
    assert catalogue().find("training", f"brownout-robust-training/{card.name}").card.paper == card.paper
    build(card.name)
    for variant in card.variants:
        assert bind_options(card, {}, variant) != bind_options(card, {})
        build(card.name, variant)


def test_listing_imports_no_torch():
    code = (
        "import sys; from brownout_robust_training import plugin; plugin.brownout_trainings(); "
        "sys.exit('torch' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


NUMBER = "expected a positive number"


@pytest.mark.parametrize(
    ("name", "options", "message"),
    [
        ("modality-dropout", {"rate": 1.5}, "option 'rate' is 1.5, expected a number from 0 to 1"),
        ("modality-dropout", {"patterns": "some"}, "option 'patterns' is 'some'"),
        ("adversarial", {"epsilon": 0}, f"option 'epsilon' is 0, {NUMBER}"),
        ("adversarial", {"epsilon": float("nan")}, f"option 'epsilon' is nan, {NUMBER}"),
        ("adversarial", {"epsilon": True}, "option 'epsilon' is True"),
        ("adversarial", {"step_size": 0.1}, "option 'step_size' is 0.1, expected null or a positive number up to eps"),
        ("adversarial", {"steps": 0}, "option 'steps' is 0, expected a positive integer"),
        ("adversarial", {"norm": "l1"}, "option 'norm' is 'l1'"),
        ("adversarial", {"modalities": []}, r"option 'modalities' is \[\], expected 'all', a name or a list"),
        ("adversarial", {"range": [1, 0]}, r"option 'range' is \[1, 0\], expected null or a list of two numbers"),
        ("adversarial", {"range": 1}, "option 'range' is 1"),
        ("adversarial", {"clean": -0.1}, "option 'clean' is -0.1"),
        ("adversarial", {"drop": "all-copies"}, "option 'drop' is 'all-copies'"),
        ("free", {"m": 1.5}, "option 'm' is 1.5, expected a positive integer"),
        ("free", {"epsilon": -1}, f"option 'epsilon' is -1, {NUMBER}"),
        ("free", {"step_size": 1.0}, "option 'step_size' is 1.0"),
        ("stability", {"form": "klein"}, "option 'form' is 'klein'"),
        ("stability", {"alpha": -1}, "option 'alpha' is -1, expected a number, 0 or more"),
        ("stability", {"sigma": 0}, f"option 'sigma' is 0, {NUMBER}"),
        ("stability", {"unit": "std"}, "option 'unit' is 'std'"),
        ("mixup", {"alpha": 0}, f"option 'alpha' is 0, {NUMBER}"),
        ("mixup", {"targets": "none"}, "option 'targets' is 'none'"),
        ("mixup", {"drop_rate": 2}, "option 'drop_rate' is 2, expected a number from 0 to 1"),
        *[(card.name, {"clip": 0}, f"option 'clip' is 0, {NUMBER} or null") for card in brownout_trainings()],
    ],
)
def test_mistakes_are_answered(build, name, options, message):
    with pytest.raises(UsageError, match=message):
        build(name, **options)
