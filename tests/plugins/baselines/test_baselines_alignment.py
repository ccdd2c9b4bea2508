"""Alignment of representations."""

from __future__ import annotations

from itertools import combinations
from pathlib import Path

import pytest
import torch

import brownout
from brownout.engine.settings import Settings
from brownout_baselines.alignment import Alignment, cosine_distance
from brownout_registry import Representation, Step, Task, UsageError

TASK = Task(("a", "b", "c"), (0.2, 0.3, 0.5))
SHAPES = (
    Representation("vector", (4,)),
    Representation("map", (3, 2, 5)),
    Representation("sequence", (6, 2)),
)
STEP = Step(0, 1, torch.arange(7), torch.arange(7), 7)
TARGET = torch.tensor([0, 1, 2, 0, 1, 2, 0])


def representations(count=3):
    return {f"m.{i}": SHAPES[i % 3] for i in range(count)}


def batch(count=3, size=7):
    random = torch.Generator().manual_seed(0)
    sources = {n: torch.randn(size, *each.shape, generator=random) for n, each in representations(count).items()}
    present = torch.rand(size, count, generator=random) < 0.5
    present[0], present[1] = False, True
    return sources, present


def build(count=3, **options):
    torch.manual_seed(0)
    return Alignment(TASK, representations(count), **options)


@pytest.mark.parametrize("count", [1, 2, 3, 6])
def test_what_is_absent_goes_nowhere_and_every_parameter_learns(count):
    sources, present = batch(count)
    fusion = build(count, dropout=0.0)
    clean = fusion(sources, present)
    leaves = {name: z.clone() for name, z in sources.items()}
    for column, z in enumerate(leaves.values()):
        z[~present[:, column]] = torch.nan
        z.requires_grad_()
    spoilt = fusion(leaves, present)
    assert torch.equal(spoilt.logits, clean.logits)
    assert spoilt.logits.isfinite().all()
    loss = fusion.loss(spoilt, TARGET, STEP)
    assert torch.equal(loss, fusion.loss(clean, TARGET, STEP))
    loss.backward()
    assert all(each.grad.isfinite().all() and each.grad.any() for each in fusion.parameters())
    assert all(leaf.grad.isfinite().all() for leaf in leaves.values())


def test_every_missing_pattern_is_the_mean_over_what_is_there():
    sources, _ = batch()
    fusion = build().eval()
    each = [
        project(z)
        for project, z in zip(
            fusion.projections,
            (sources["m.0"], sources["m.1"].mean((2, 3)), sources["m.2"].mean(1)),
            strict=True,
        )
    ]
    for size in (1, 2, 3):
        for chosen in combinations(range(3), size):
            present = torch.tensor([[column in chosen for column in range(3)]]).expand(7, 3)
            expected = sum(each[column] for column in chosen) / size
            torch.testing.assert_close(fusion(sources, present).embedding, expected)
            torch.testing.assert_close(fusion(sources, present).logits, fusion.classifier(expected))
    one = fusion({name: z[:1] for name, z in sources.items()}, torch.ones(1, 3, dtype=torch.bool))
    torch.testing.assert_close(one.logits, fusion(sources, torch.ones(7, 3, dtype=torch.bool)).logits[:1])


def test_the_cosine_distance_counts_present_pairs_alone():
    aligned = torch.tensor([[[1.0, 0.0], [-2.0, 0.0], [0.0, 1.0]]]).expand(4, 3, 2)
    present = torch.tensor([[True, True, True], [True, True, False], [True, False, True], [False, True, False]])
    torch.testing.assert_close(cosine_distance(aligned, present), torch.tensor([4 / 3, 2.0, 1.0, 0.0]))


def test_the_weight_adds_the_distance_to_the_cross_entropy():
    sources, present = batch()
    losses = []
    for weight in (0.0, 1.0, 3.0):
        fusion = build(weight=weight).eval()
        prediction = fusion(sources, present)
        losses.append(fusion.loss(prediction, TARGET, STEP))
    torch.testing.assert_close(losses[0], torch.nn.functional.cross_entropy(prediction.logits, TARGET))
    distance = cosine_distance(prediction.terms["aligned"], present).mean()
    torch.testing.assert_close(losses[1] - losses[0], distance)
    torch.testing.assert_close(losses[2] - losses[0], 3 * distance)
    ignored = TARGET.clone()
    ignored[1] = TASK.ignore_label
    kept = torch.arange(7) != 1
    expected = fusion.loss(fusion({n: z[kept] for n, z in sources.items()}, present[kept]), TARGET[kept], STEP)
    torch.testing.assert_close(fusion.loss(prediction, ignored, STEP), expected)


def test_training_pulls_the_modalities_of_a_sample_together():
    sources, _ = batch()
    present = torch.ones(7, 3, dtype=torch.bool)
    distances = {}
    for weight in (0.0, 1.0):
        fusion = build(weight=weight)
        optimiser = torch.optim.Adam(fusion.parameters(), lr=0.01)
        for _ in range(100):
            optimiser.zero_grad()
            fusion.loss(fusion(sources, present), TARGET, STEP).backward()
            optimiser.step()
        prediction = fusion.eval()(sources, present)
        distances[weight] = cosine_distance(prediction.terms["aligned"], present).mean()
        assert torch.equal(prediction.logits.argmax(1), TARGET)
    assert distances[1.0] < 0.2 < distances[0.0]


def test_state_round_trip():
    sources, present = batch()
    one, other = build().eval(), Alignment(TASK, representations()).eval()
    other.load_state_dict(one.state_dict())
    assert torch.equal(one(sources, present).logits, other(sources, present).logits)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"width": 0}, "option 'width' is 0, expected a positive integer"),
        ({"weight": -1}, "option 'weight' is -1, expected a number from 0"),
        ({"weight": float("nan")}, "option 'weight' is nan"),
        ({"dropout": 1.0}, r"option 'dropout' is 1.0, expected a number in \[0, 1\)"),
    ],
)
def test_mistakes_are_answered(options, message):
    with pytest.raises(UsageError, match=message):
        build(**options)
    with pytest.raises(UsageError, match="predicts one label per sample"):
        Alignment(Task(("a",), (1.0,), kind="dense"), representations())


def test_a_suite_runs(tmp_path: Path):
    suite = {
        "suite": "small",
        "dataset": {"use": "two-moons", "samples": 200},
        "encoders": {name: {"use": "mlp", "hidden": [8]} for name in "xy"},
        "methods": [
            {"name": "alignment", "fusion": "alignment", "options": {"width": 8}},
            {"name": "linear", "fusion": "concatenation", "options": {"hidden": []}},
        ],
        "training": {"epochs": 2, "seeds": [0]},
        "protocol": {"missing": {"patterns": "all"}},
        "metrics": ["accuracy"],
    }
    run = brownout.run(suite, Settings(tmp_path / "run", device="cpu"))
    assert not run.failures
    assert len(run.scores) == 6
