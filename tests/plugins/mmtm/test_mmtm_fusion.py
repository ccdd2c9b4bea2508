"""MMTM over representations, as the engine sees it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
import torch
from torch.nn.functional import cross_entropy

import brownout
from brownout.engine.settings import Settings
from brownout_mmtm.plugin import brownout_fusions
from brownout_registry import Representation, Task, UsageError, bind_options, catalogue, resolve

TASK = Task(("a", "b", "c"), (0.2, 0.3, 0.5))
KINDS = [Representation("vector", (4,)), Representation("map", (3, 2, 5)), Representation("sequence", (6, 2))]


def build(count=3, variant=None, task=TASK, **options):
    torch.manual_seed(0)
    card = brownout_fusions()[0]
    representations = {f"m.{i}": KINDS[i % 3] for i in range(count)}
    return resolve(card)(task, representations, **bind_options(card, options, variant))


def batch(fusion, size=7):
    random = torch.Generator().manual_seed(0)
    shapes = {name: each.shape for name, each in fusion.representations.items()}
    sources = {name: torch.randn(size, *shape, generator=random) for name, shape in shapes.items()}
    present = torch.rand(size, len(sources), generator=random) < 0.5
    present[0], present[1] = False, True
    return sources, present


def spoil(sources, present):
    spoilt = {name: values.clone() for name, values in sources.items()}
    for column, values in enumerate(spoilt.values()):
        values[~present[:, column]] = torch.nan
        values.requires_grad_()
    return spoilt


@pytest.mark.parametrize("count", [1, 2, 3, 6])
def test_absent_content_reaches_nothing_and_every_parameter_is_trained(count):
    fusion = build(count)
    sources, present = batch(fusion)
    spoilt = spoil(sources, present)
    prediction = fusion(spoilt, present)
    assert torch.equal(prediction.logits, fusion(sources, present).logits)
    cross_entropy(prediction.logits, torch.arange(7) % 3).backward()
    assert all(parameter.grad.isfinite().all() for parameter in fusion.parameters())
    assert all(parameter.grad.any() for parameter in fusion.parameters())
    for column, values in enumerate(spoilt.values()):
        assert not values.grad[~present[:, column]].any()


def test_the_decision_is_the_mean_of_the_present_unimodal_logits():
    fusion = build()
    sources, present = batch(fusion)
    prediction = fusion(sources, present)
    for row in range(1, 7):
        there = [prediction.unimodal[f"m.{i}"][row] for i in range(3) if present[row, i]]
        if there:
            torch.testing.assert_close(prediction.logits[row], torch.stack(there).mean(0))
    assert not any(z[0].any() for z in prediction.unimodal.values())
    torch.testing.assert_close(prediction.logits[0].softmax(-1), torch.tensor(TASK.frequencies))


def test_gating_before_and_after_pooling_is_the_same():
    fusion = build()
    sources, _ = batch(fusion)
    layouts = {name: x.mT if x.ndim == 3 else x for name, x in sources.items()}  # sequences channels first
    gated = fusion.transfer(layouts)
    pooled = [x.flatten(2).mean(2) if x.ndim > 2 else x for x in gated.values()]
    embedding = fusion(sources, torch.ones(7, 3, dtype=torch.bool)).embedding
    torch.testing.assert_close(embedding, torch.cat(pooled, dim=1))


def test_one_modality_depends_on_the_other_and_the_variant_halves_the_gates():
    fusion, released = build(), build(variant="released")
    sources, _ = batch(fusion)
    everything = torch.ones(7, 3, dtype=torch.bool)
    alone = everything.clone()
    alone[:, 1:] = False
    both, one = fusion(sources, everything), fusion(sources, alone)
    assert (both.unimodal["m.0"] - one.unimodal["m.0"]).abs().amax() > 1e-4
    torch.testing.assert_close(both.embedding, 2 * released(sources, everything).embedding)


def test_a_batch_of_one_and_a_round_trip_of_the_weights():
    fusion, other = build().eval(), build(ratio=4).eval()
    with torch.no_grad():
        other.heads[0].weight.add_(1)
    sources, present = batch(fusion)
    whole = fusion(sources, present).logits
    other.load_state_dict(fusion.state_dict())
    for row in range(7):
        one = other({name: x[row : row + 1] for name, x in sources.items()}, present[row : row + 1]).logits
        torch.testing.assert_close(one, whole[row : row + 1])


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"ratio": 0.0}, "option 'ratio' is 0.0, expected a positive number"),
        ({"gate_factor": float("inf")}, "option 'gate_factor' is inf"),
        ({"task": Task(("a", "b"), (0.5, 0.5), kind="dense")}, "no dense prediction"),
    ],
)
def test_mistakes_are_answered_in_one_line(options, message):
    with pytest.raises(UsageError, match=message) as caught:
        build(**options)
    assert "\n" not in str(caught.value)


def test_both_fusions_are_registered_without_importing_torch():
    for name, level in (("mmtm", "representation"), ("mmtm-resnet", "input")):
        card = catalogue().find("fusion", f"brownout-mmtm/{name}").card
        assert (card.level, card.trained, card.missing) == (level, True, "zero")
        assert card.variants["released"] == {"gate_factor": 1.0}
    code = (
        "import sys; from brownout_mmtm import plugin; plugin.brownout_fusions(); "
        "sys.exit(bool({'torch', 'timm', 'numpy'} & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_a_suite_runs_and_learns(tmp_path: Path):
    suite = {
        "suite": "mmtm",
        "dataset": {"use": "two-moons", "samples": 600},
        "encoders": {name: {"use": "mlp", "hidden": [16]} for name in "xy"},
        "methods": [
            {"name": "paper", "fusion": "mmtm"},
            {"name": "released", "fusion": "mmtm", "variant": "released"},
        ],
        "training": {"epochs": 8, "batch_size": 32, "learning_rate": 0.01},
        "protocol": {"missing": {"patterns": "all", "means": "absent"}},
        "metrics": ["accuracy"],
    }
    run = brownout.run(suite, Settings(tmp_path / "run", tmp_path / "cache", device="cpu"))
    assert run.failures == ()
    assert len(run.scores) == 2 * 3
    clean = {score.method: score.value for score in run.scores if score.condition.kind == "clean"}
    assert min(clean.values()) > 0.8
