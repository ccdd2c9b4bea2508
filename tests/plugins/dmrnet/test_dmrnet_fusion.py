"""The fusion as the engine sees it."""

from __future__ import annotations

import subprocess
import sys

import pytest
import torch

from brownout_dmrnet.fusion import dmrnet
from brownout_registry import Representation, Task, UsageError, catalogue

ONE, TWO = {"a": "map"}, {"a": "vector", "b": "map"}
MAPS = {"a": "map", "b": Representation("map", (5, 2, 4)), "c": "map"}
SIX = {"a": "map", "b": "vector", "c": "sequence", "d": "map", "e": "vector", "f": "sequence"}
KINDS = [ONE, TWO, MAPS, SIX]
WAYS = [
    (MAPS, {"probabilistic": "dmr", "head": "map"}),
    (MAPS, {"probabilistic": "dmr", "head": "vector"}),
    (MAPS, {"probabilistic": "pcme"}),
    (MAPS, {"probabilistic": "pe"}),
    (MAPS, {"probabilistic": "none"}),
    (TWO, {"probabilistic": "dmr"}),
    (TWO, {"probabilistic": "pe", "head": "vector"}),
]
VARIANTS = ["released-face", "released-audio-visual", "released-segmentation"]
ALL_HARD = {"hard": "incomplete", "auxiliary": "separate"}


def spoil(sources, present, content=torch.nan):
    """Overwrite what absent modalities hold."""
    columns = zip(sources.items(), present.unbind(1), strict=True)
    return {
        name: torch.where(there.reshape(-1, *[1] * (values.ndim - 1)), values, content)
        for (name, values), there in columns
    }


def trained(fusion, batch, step, epochs=3):
    """A few optimiser steps, as the engine takes them."""
    optimiser = torch.optim.SGD(fusion.parameters(), lr=0.1)
    fusion.train()
    sources, present, targets = batch(fusion)
    for epoch in range(epochs):
        optimiser.zero_grad()
        fusion.loss(fusion(sources, present), targets, step(epoch)).backward()
        optimiser.step()
    return fusion


@pytest.mark.parametrize("kinds", KINDS, ids=len)
@pytest.mark.parametrize("variant", [None, *VARIANTS])
def test_trains_and_predicts_with_any_number_of_modalities(build, batch, step, kinds, variant):
    fusion = trained(build(kinds, variant), batch, step, epochs=8).eval()
    sources, present, _ = batch(fusion, 70)
    logits = fusion(sources, present).logits
    assert logits.shape == (70, 3)
    assert logits.isfinite().all()
    one = fusion({name: each[5:6] for name, each in sources.items()}, present[5:6]).logits
    torch.testing.assert_close(one, logits[5:6])


@pytest.mark.parametrize(("kinds", "options"), WAYS)
def test_absent_content_reaches_nothing(build, batch, step, kinds, options):
    fusion = build(kinds, **options, diagnostics=True)
    sources, present, targets = batch(fusion)
    for mode in (True, False):
        fusion.train(mode)
        results = []
        for content in (0.0, torch.nan, torch.inf):
            torch.manual_seed(1)
            leaves = {name: each.requires_grad_() for name, each in spoil(sources, present, content).items()}
            prediction = fusion(leaves, present)
            loss = fusion.loss(prediction, targets, step(0))
            gradients = torch.autograd.grad(loss, list(leaves.values()))
            assert all(each.isfinite().all() for each in gradients)
            results.append([prediction.logits, prediction.embedding, loss, *prediction.diagnostics.values()])
        for other in results[1:]:
            assert all(torch.equal(*pair) for pair in zip(results[0], other, strict=True))


@pytest.mark.parametrize(("kinds", "options"), WAYS)
def test_gradients_reach_every_parameter_and_every_present_modality(build, batch, step, kinds, options):
    fusion = build(kinds, **options, **ALL_HARD).train()
    sources, present, targets = batch(fusion)
    leaves = {name: each.requires_grad_() for name, each in sources.items()}
    fusion.loss(fusion(leaves, present), targets, step(0)).backward()
    silent = [name for name, each in fusion.named_parameters() if each.grad is None or not each.grad.isfinite().all()]
    assert silent == []
    shifts = {"f_mu.0.bias", "f_sigma.0.bias", "attention.2.bias"}  # batch norm and softmax take a shift out again
    moving = [each for name, each in fusion.named_parameters() if not any(map(name.endswith, shifts))]
    assert all(each.grad.any() for each in moving)
    for column, leaf in enumerate(leaves.values()):
        assert not leaf.grad[~present[:, column]].any()
        assert leaf.grad[present[:, column]].flatten(1).any(1).all()


def test_training_samples_and_evaluation_takes_the_mean(build, batch):
    fusion = build(TWO)
    sources, present, _ = batch(fusion)
    first, second = (fusion.train()(sources, present) for _ in range(2))
    assert not torch.equal(first.logits, second.logits)
    assert torch.equal(first.terms["mu"], second.terms["mu"])
    torch.testing.assert_close(first.uncertainty, first.terms["log_variance"].exp().mean(1))
    fusion.eval()
    before = fusion(sources, present)
    assert torch.equal(before.logits, fusion(sources, present).logits)
    assert torch.equal(before.embedding, before.terms["mu"])


def test_the_spread_is_that_of_the_named_head(build, batch):
    spreads = {}
    for sigma_head in ("log-sigma", "log-variance"):
        fusion = build(TWO, sigma_head=sigma_head).eval()
        sources, present, _ = batch(fusion)
        spreads[sigma_head] = fusion(sources, present).terms["log_variance"]
    torch.testing.assert_close(spreads["log-sigma"], 2 * spreads["log-variance"])


def test_auto_takes_maps_where_all_have_one_size(build):
    assert build(MAPS).maps
    assert build(MAPS).head.f_mu[0].weight.shape == (11, 11, 1, 1)
    assert not build(TWO).maps
    assert not build({"a": "map", "b": Representation("map", (3, 4, 2))}).maps
    assert not build(MAPS, variant="released-audio-visual").maps


def test_state_survives_a_round_trip(build, batch, step):
    fusion = trained(build(MAPS), batch, step)
    again = build(MAPS)
    again.load_state_dict(fusion.state_dict(), strict=True)
    sources, present, _ = batch(fusion)
    assert torch.equal(fusion.eval()(sources, present).logits, again.eval()(sources, present).logits)
    assert again.combinations.history()[0] == [0, 1, 2]
    torch.testing.assert_close(again.combinations.history()[1], fusion.combinations.history()[1], rtol=0, atol=0)
    assert all(each.isfinite().all() for each in fusion.state_dict().values())


def test_ignored_labels_count_nowhere(build, batch, step):
    fusion = build(TWO, hard="incomplete")
    sources, present, targets = batch(fusion)
    prediction = fusion.train()(sources, present)
    targets[8:] = -100
    loss = fusion.loss(prediction, targets, step(0, 16))
    first = type(prediction)(prediction.logits[:8], terms={name: each[:8] for name, each in prediction.terms.items()})
    assert torch.equal(loss, build(TWO, hard="incomplete").loss(first, targets[:8], step(0, 8)))
    assert fusion.combinations.counts.sum() == present[:8].any(1).sum()


LAST = "expected one of"
BAD = [
    (
        TWO,
        {"head": "map"},
        r"option 'head' is 'map', which needs feature maps of one height and width from every "
        r"modality, got a \(vector \(5,\)\), b \(map \(3, 2, 4\)\)",
    ),
    (TWO, {"probabilistic": "pcme"}, "option 'probabilistic' is 'pcme', which needs feature maps"),
    (MAPS, {"probabilistic": "pcme", "head": "vector"}, "option 'head' is 'vector', but 'probabilistic' is 'pcme'"),
    (MAPS, {"probabilistic": "pe", "head": "map"}, "which goes with 'vector'"),
    (TWO, {"probabilistic": "dm"}, LAST),
    (TWO, {"sigma_head": "sigma"}, LAST),
    (TWO, {"kl_reduction": "max"}, LAST),
    (TWO, {"hcr": "mean"}, LAST),
    (TWO, {"auxiliary": "own"}, LAST),
    (TWO, {"alpha": -1.0}, "option 'alpha' is -1.0, expected a number from 0"),
    (TWO, {"beta": float("nan")}, "option 'beta' is nan"),
    (TWO, {"kl_from_epoch": -1}, "option 'kl_from_epoch' is -1, expected a whole number from 0"),
    (TWO, {"from_epoch": 1.5}, "option 'from_epoch' is 1.5"),
    (TWO, {"history_epochs": 0}, "option 'history_epochs' is 0, expected a whole number from 1"),
    (TWO, {"hard_count": 0}, "option 'hard_count' is 0"),
    (TWO, {"hard": "weak"}, "option 'hard' is 'weak', expected 'mined', 'weakest', 'incomplete' or a list"),
    (TWO, {"hard": []}, r"option 'hard' is \[\]"),
    (TWO, {"hard": ["a", "b"]}, "option 'hard'"),
    (TWO, {"hard": [[]]}, "option 'hard'"),
    (TWO, {"hard": [[-1]]}, "option 'hard'"),
    (TWO, {"hard": [[True]]}, "option 'hard'"),
    (TWO, {"hard": [["a", "c"]]}, "option 'hard': unknown modality 'c'; known: a, b"),
    (TWO, {"hard": "weakest"}, r"option 'from_epoch' is 0, expected a whole number from 1 to history_epochs \(100\)"),
    (TWO, {"hard": "weakest", "from_epoch": 6, "history_epochs": 5}, "option 'from_epoch' is 6"),
    (dict.fromkeys("abcdefghijk", "vector"), {}, "of at most 10 modalities, but the dataset has 11"),
]


@pytest.mark.parametrize(("kinds", "options", "message"), BAD)
def test_mistakes_are_answered_in_one_line(build, kinds, options, message):
    with pytest.raises(UsageError, match=message) as caught:
        build(kinds, **options)
    assert "\n" not in str(caught.value)


def test_the_factory_checks_choices_on_its_own():
    with pytest.raises(UsageError, match="option 'hcr' is 'mean', expected one of 'sum-over-batch'"):
        dmrnet(Task(("a", "b"), (0.5, 0.5)), {"m": Representation("vector", (2,))}, hcr="mean")


def test_dense_prediction_is_refused():
    task = Task(("a", "b"), (0.5, 0.5), kind="dense")
    with pytest.raises(UsageError, match="fusion 'dmrnet' predicts one label per sample"):
        dmrnet(task, {"m": Representation("map", (2, 3, 3))})


def test_registered_and_listing_imports_nothing_heavy():
    card = catalogue().find("fusion", "brownout-dmrnet/dmrnet").card
    assert (card.level, card.missing, card.trained, set(card.variants)) == (
        "representation",
        "zero",
        True,
        set(VARIANTS),
    )
    code = (
        "import sys; from brownout_dmrnet import plugin as p; p.brownout_fusions(); p.brownout_figures(); "
        "p.brownout_metrics(); p.brownout_published(); "
        "sys.exit(bool({'torch', 'matplotlib', 'numpy'} & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
