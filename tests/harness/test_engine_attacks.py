"""Attacks through the engine: what they enter, what they fool, what is computed once, and what is refused."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch

from brownout.engine.attack_rehearsal import rehearse_attack
from brownout.engine.noise import KeyedNoise
from brownout.engine.specs import AttackSpec
from brownout.results import Run
from brownout_registry import Attacked, Modality, UsageError

METHODS = [
    {"name": "mean", "fusion": "mean"},
    {"name": "confidence", "fusion": "confidence-mean"},
    {"name": "concatenation", "fusion": "concatenation"},
    {"name": "early", "fusion": "early"},
]
KINDS = ["vector", "image", "sequence", "audio", "text"]
TENSORS = KINDS[:4]
Make = Callable[..., dict[str, Any]]
Compute = Callable[..., Run]


def accuracy(run: Run) -> dict[tuple[str, str], float]:
    return {(each.method, each.condition.name): each.value for each in run.scores}


@pytest.fixture
def attacked(make_suite: Make, compute: Compute) -> Callable[..., Run]:
    """``attacked({"use": "nudge"}, kinds=..., methods=..., **protocol)``: a fitted suite under an attack."""

    def run(*attacks: dict[str, Any], kinds: list[str] | None = None, methods: Any = None, **more: Any) -> Run:
        protocol = {"attacks": list(attacks), **more.pop("protocol", {})}
        training = {"epochs": 20, "learning_rate": 0.02}
        suite = make_suite(kinds or KINDS[:2], methods=methods or METHODS, protocol=protocol, training=training)
        return compute(suite, **more)

    return run


def test_an_attack_costs_accuracy_and_a_larger_budget_costs_more(attacked: Any) -> None:
    found = accuracy(attacked({"use": "nudge", "levels": [0.3, 3.0]}, kinds=["vector", "image"]))
    for method in ("mean", "concatenation", "early"):
        assert found[method, "nudge(vector) s2"] < found[method, "clean"]
        assert found[method, "nudge(vector) s2"] <= found[method, "nudge(vector) s1"]


def test_every_kind_and_level_can_be_attacked(attacked: Any) -> None:
    run = attacked({"use": "nudge"}, {"use": "hush"}, kinds=KINDS)
    assert not run.failures
    names = {each.condition.name for each in run.scores}
    assert {f"nudge({kind}) s2" for kind in TENSORS} | {"hush(text) s1"} < names


def test_budget_zero_is_the_clean_prediction(attacked: Any, stored: Any) -> None:
    run = attacked({"use": "nudge", "levels": [0.0]}, kinds=TENSORS)
    found = stored(run)
    for method in METHODS:
        clean = found[method["name"], 0, "clean"].logits
        for kind in TENSORS:
            np.testing.assert_allclose(found[method["name"], 0, f"nudge({kind}) s1"].logits, clean, atol=1e-5)


def test_a_joint_attack_has_a_budget_for_each_modality(attacked: Any, stored: Any) -> None:
    both = {"use": "nudge", "joint": [["vector", "image"]], "levels": {"vector": [0.4], "image": [0.0]}}
    alone = {"use": "nudge", "name": "alone", "modalities": ["vector"], "levels": [0.4]}
    found = stored(attacked(both, alone, kinds=["vector", "image", "text"]))
    for method in METHODS:
        one, other = found[method["name"], 0, "nudge(vector + image) s1"], found[method["name"], 0, "alone(vector) s1"]
        np.testing.assert_allclose(one.logits, other.logits, atol=1e-5)


def test_attacks_on_unimodal_classifiers_are_made_once_for_all_late_fusions(
    attacked: Any, watch: Any, stored: Any
) -> None:
    seen = watch()
    run = attacked({"use": "nudge", "target": "unimodal"}, methods=METHODS[:2], progress=seen)
    views = [work for work in seen.works if type(work).__name__ == "ViewWork" and "nudge" in work.title]
    assert len(views) == 2
    assert all(len(work.encodings) == 2 for work in views)  # two severities, one fit, whatever the methods
    rows = run.facts["encoder_rows"]
    assert rows["computed"] == rows["minimal"]
    assert not run.failures
    mean = stored(run)["mean", 0, "nudge(vector, unimodal) s2"]
    assert not np.allclose(mean.logits, stored(run)["mean", 0, "clean"].logits)


def test_unimodal_and_fused_targets_agree_where_there_is_one_modality(attacked: Any, stored: Any) -> None:
    attacks = [{"use": "nudge", "target": target, "name": target} for target in ("fused", "unimodal")]
    found = stored(attacked(*attacks, kinds=["vector"], methods=METHODS[:1]))
    fused, unimodal = found["mean", 0, "fused(vector) s2"], found["mean", 0, "unimodal(vector, unimodal) s2"]
    np.testing.assert_allclose(fused.logits, unimodal.logits, atol=1e-5)


def test_features_are_attacked_without_an_encoder_pass(attacked: Any) -> None:
    run = attacked({"use": "nudge", "at": "features"}, methods=METHODS[:3])
    assert not run.failures
    rows = run.facts["encoder_rows"]
    assert rows["computed"] == rows["minimal"]
    assert ("mean", "nudge(image features) s2") in accuracy(run)


def test_an_attack_meets_missing_modalities(attacked: Any, stored: Any) -> None:
    run = attacked(
        {"use": "nudge", "modalities": ["vector"], "patterns": "all"}, protocol={"missing": {"patterns": "all"}}
    )
    found = stored(run)
    assert ("mean", 0, "nudge(vector) s1, missing image") in found
    assert ("mean", 0, "nudge(vector) s1, missing vector") not in found
    crossed = next(each.condition for each in run.scores if each.condition.name == "nudge(vector) s1, missing image")
    assert (crossed.kind, crossed.access, crossed.level) == ("missing+attack", "white-box", 0.05)


def test_an_absent_modality_cannot_be_attacked(attacked: Any, stored: Any, make_suite: Make, compute: Compute) -> None:
    suite = make_suite(
        dataset={"missing": 0.5},
        methods=METHODS,
        training={"epochs": 5},
        protocol={"attacks": [{"use": "nudge", "modalities": ["image"], "levels": [5.0]}]},
    )
    found = stored(compute(suite))
    for method in METHODS:
        clean, dirty = found[method["name"], 0, "clean"], found[method["name"], 0, "nudge(image) s1"]
        absent = ~clean.present[:, 1]
        assert absent.any()
        np.testing.assert_allclose(clean.logits[absent], dirty.logits[absent], atol=1e-5)
        assert not np.allclose(clean.logits[~absent], dirty.logits[~absent])


@pytest.mark.parametrize("means", ["zero-input", "mean-representation", "zero-representation"])
def test_what_missing_means_holds_under_attack(attacked: Any, means: str) -> None:
    protocol = {"missing": {"patterns": "all", "means": means}}
    run = attacked({"use": "nudge", "patterns": "all"}, methods=METHODS[:3], protocol=protocol)
    assert not run.failures


def test_an_attack_that_leaves_its_ball_fails_its_own_cells(attacked: Any) -> None:
    run = attacked({"use": "nudge", "far": 3.0, "modalities": ["vector"]}, methods=METHODS[:1])
    assert {failure["condition"] for failure in run.failures} == {"nudge(vector) s1", "nudge(vector) s2"}
    assert "its budget is 0.05" in run.failures[0]["reason"]


def test_workers_and_a_second_run_give_the_same(attacked: Any, outcome: Any) -> None:
    attacks = [{"use": "nudge"}, {"use": "nudge", "target": "unimodal", "name": "own"}]
    one = outcome(attacked(*attacks, methods=METHODS[:2]))
    two = outcome(attacked(*attacks, methods=METHODS[:2], out="other", cache="c2", executor="process", workers=2))
    assert one == two


def test_a_method_without_the_target_fails_alone_and_if_none_has_it_the_suite_is_refused(attacked: Any) -> None:
    attack = {"use": "nudge", "target": "unimodal"}
    run = attacked(attack, methods=METHODS[:3])
    assert {(each["method"], each["condition"][:6]) for each in run.failures} == {("concatenation", "nudge(")}
    assert "it has no classifier of 'vector' alone" in run.failures[0]["reason"]
    with pytest.raises(
        UsageError, match=r"attacks: nudge.*: methods\[0\].*no classifier of 'vector' alone; use target"
    ):
        attacked(attack, methods=METHODS[2:3], out="other")


@pytest.mark.parametrize(
    ("attack", "message"),
    [
        ({"use": "nugde"}, "did you mean 'nudge'"),
        ({"use": "nudge", "modalities": ["audo"]}, "did you mean 'audio'"),
        ({"use": "nudge", "modalities": ["text"]}, "does not take modality 'text'"),
        ({"use": "nudge", "joint": [["vector", "text"]]}, "does not take modality 'text'"),
        ({"use": "nudge", "severities": [3]}, "severity 3 is not there"),
        ({"use": "nudge", "levels": [-1.0]}, "protocol.attacks[0].levels"),
        ({"use": "nudge", "levels": {"vector": [1.0]}}, "there are none for modality 'image'"),
        ({"use": "nudge", "faar": 2.0}, "did you mean 'far'"),
        ({"use": "nudge", "at": "embeddings"}, "the encoder of 'text' has no embeddings to attack"),
        ({"use": "nudge", "levels": {"vectr": [1.0]}}, "levels: unknown modality 'vectr'; did you mean 'vector'"),
        ({"use": "nudge", "joint": [["vector"]]}, "joint: ['vector'] is one modality"),
        (
            {"use": "nudge", "joint": [["vector", "image"]], "levels": {"vector": [1.0], "image": [1.0, 2.0]}},
            "levels: 1 of vector, 2 of image; attacked together, all have as many",
        ),
        ({"use": "nudge", "at": "features"}, "it fuses inputs"),
    ],
)
def test_mistakes_are_told_before_anything_is_computed(attacked: Any, attack: Any, message: str, tmp_path: Any) -> None:
    with pytest.raises(UsageError) as error:
        attacked({"modalities": None, **attack}, kinds=["vector", "image", "audio", "text"])
    assert message in str(error.value)
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize("kind", TENSORS)
def test_an_attack_is_told_how_many_steps_are_real(attacked: Any, monkeypatch: Any, kind: str) -> None:
    seen: list[Attacked] = []
    monkeypatch.setattr("brownout.engine.attacks.Attacked", lambda *a, **k: seen.append(Attacked(*a, **k)) or seen[-1])
    run = attacked({"use": "nudge", "levels": [0.3]}, kinds=[kind], methods=METHODS[:1], batch=7)
    assert not run.failures
    for each in seen:
        (lengths,), (inputs,) = each.lengths.values(), each.inputs.values()
        if kind in ("vector", "image"):
            assert lengths is None
            continue
        assert len(lengths) == len(inputs)
        assert (lengths < inputs.shape[1]).any()
        for length, x in zip(lengths.tolist(), inputs, strict=True):
            assert x[length - 1].any()
            assert not x[length:].any()


@pytest.mark.parametrize("draw", ["uniform", "normal"])
def test_steps_that_come_first_have_their_draws_whatever_the_padding(draw: str) -> None:
    short, long = (getattr(KeyedNoise(0, "a", "x", (3, 8)), draw)("start", (steps, 3)) for steps in (7, 5001))
    assert torch.equal(short, long[:, :7])


class Given:
    """A component that is there already."""

    short = "given"

    def __init__(self, attack: Callable[[Attacked], Any]) -> None:
        self.attack = attack

    def build(self) -> Callable[[Attacked], Any]:
        return self.attack


def rehearsed(attack: Callable[[Attacked], Any], *kinds: str, classes: int = 2, target: str = "fused") -> None:
    sizes = {"audio": (5,), "image": (3, 4, 4), "text": ()}
    ranges = {"image": (0.0, 1.0)}
    seen: Any = {kind: Modality(kind, kind, sizes[kind], range=ranges.get(kind)) for kind in kinds}  # type: ignore[arg-type]
    component: Any = Given(attack)
    rehearse_attack(AttackSpec(component, tuple((kind, 0.1) for kind in kinds), 1, 0, target=target), seen, classes)


def test_a_rehearsed_attack_sees_random_rows_once_and_may_refuse_them() -> None:
    seen: list[Attacked] = []

    def attack(given: Attacked) -> None:
        seen.append(given)
        changed = {name: x.clone().requires_grad_() for name, x in given.inputs.items()}
        logits = given.logits(changed)
        assert logits.shape == (2, 4)
        torch.autograd.grad(logits.sum(), list(changed.values()))
        given.logits(given.inputs, torch.tensor([1]))
        raise AssertionError("it was asked twice")

    rehearsed(attack, "audio", "image", classes=4)
    rehearsed(attack, "audio", "image", classes=4, target="unimodal")
    assert [list(each.inputs) for each in seen] == [["audio", "image"], ["audio"], ["image"]]
    for each in seen:
        for name, x in each.inputs.items():
            low, high = each.bounds[name] or (0, 0)
            assert low <= x.min() <= x.max() <= high

    def refuse(given: Attacked) -> None:
        raise UsageError(f"too few classes: {given.logits(given.inputs).shape[1]}, for {given.inputs}")

    with pytest.raises(UsageError, match=r"too few classes: 2, for .*a text"):
        rehearsed(refuse, "text")
