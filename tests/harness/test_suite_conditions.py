"""The grammar of protocols: which conditions each construct stands for."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from brownout.engine.components import bind
from brownout.engine.data import build_dataset
from brownout.engine.specs import Condition, DatasetSpec
from brownout.suite.conditions import conditions_of
from brownout.suite.protocol import Protocol
from brownout_registry import ConditionFacts, UsageError

pytestmark = pytest.mark.usefixtures("testing_plugin")

KINDS = ("vector", "image", "text")
Expand = Callable[..., list[Condition]]


@pytest.fixture
def expand(testing_plugin: Any) -> Expand:
    """``expand(clean=False, missing=..., corruptions=...)``: the conditions on vector, image and text."""
    component = bind("dataset", "synthetic", {"modalities": list(KINDS)})
    dataset = build_dataset(component)
    spec = DatasetSpec("synthetic", component, dataset.fingerprint, KINDS)

    def run(**protocol: Any) -> list[Condition]:
        return conditions_of(Protocol.model_validate({"clean": False, **protocol}), spec, dataset.modalities)

    return run


def names(conditions: list[Condition]) -> list[str]:
    return [each.facts.name for each in conditions]


def test_clean_comes_first_and_is_the_default(expand: Expand) -> None:
    (clean,) = expand(clean=True)
    assert clean.facts == ConditionFacts("clean", "clean", "clean")
    assert clean.present == KINDS
    assert not clean.views
    assert names(expand(clean=True, missing={"patterns": [["text"]]}))[0] == "clean"


def test_all_patterns_are_the_proper_subsets(expand: Expand) -> None:
    found = expand(missing={"patterns": "all"})
    assert len(found) == 2**3 - 2
    assert {each.present for each in found} == {
        ("vector", "image"),
        ("vector", "text"),
        ("image", "text"),
        ("vector",),
        ("image",),
        ("text",),
    }
    assert "missing vector + text" in names(found)
    assert {each.facts.kind for each in found} == {"missing"}


def test_given_patterns_are_kept_in_the_datasets_order(expand: Expand) -> None:
    (found,) = expand(missing={"patterns": [["text", "vector"]]})
    assert found.present == ("vector", "text")
    assert found.facts.name == found.facts.group == "missing image"


def test_equal_rates_are_severities_of_one_group(expand: Expand) -> None:
    found = expand(missing={"rates": [0.3, {"image": 0.5}, 0.7]})
    assert names(found) == ["missing at random 0.3", "missing at random image 0.5", "missing at random 0.7"]
    assert [(each.facts.severity, each.facts.level) for each in found] == [(1, 0.3), (0, None), (2, 0.7)]
    assert [each.facts.group for each in found][::2] == ["missing at random"] * 2
    assert [dict(each.rates) for each in found] == [
        dict.fromkeys(KINDS, 0.3),
        {"image": 0.5},
        dict.fromkeys(KINDS, 0.7),
    ]


def test_each_takes_the_modalities_that_it_can(expand: Expand) -> None:
    found = expand(corruptions={"each": ["shift", "lose-words"]})
    assert names(found)[::3] == ["shift(vector) s1", "shift(image) s1", "lose-words(text) s1"]
    assert len(found) == 3 * 3
    facts = found[1].facts
    assert (facts.group, facts.kind, facts.severity) == ("shift(vector)", "corruption", 2)
    assert (facts.level, facts.parameter) == (0.2, "shift")
    assert list(found[1].views) == ["vector"]


def test_each_default_takes_what_the_cards_say(expand: Expand) -> None:
    groups = {each.facts.group for each in expand(corruptions={"each": "default"})}
    assert "lose-words(text)" in groups
    assert {"gaussian-noise(vector)", "gaussian-noise(image)", "salt-and-pepper(image)"} <= groups
    assert not any(group.startswith("shift") for group in groups)


def test_modalities_severities_levels_and_names(expand: Expand) -> None:
    use = {"use": "shift", "levels": [5.0, 6.0, 7.0, 8.0], "name": "drift"}
    found = expand(corruptions={"each": [use], "modalities": ["image"], "severities": [4, 2]})
    assert names(found) == ["drift(image) s4", "drift(image) s2"]
    assert [each.facts.level for each in found] == [8.0, 6.0]
    assert found[0].views["image"].levels == (5.0, 6.0, 7.0, 8.0)


def test_joint_perturbs_several_at_once(expand: Expand) -> None:
    found = expand(corruptions={"joint": [{"vector": "shift", "text": {"use": "lose-words", "levels": [0.5, 1.0]}}]})
    assert names(found) == ["shift(vector) + lose-words(text) s1", "shift(vector) + lose-words(text) s2"]
    assert found[0].facts.level is None
    assert {name: view.severity for name, view in found[1].views.items()} == {"vector": 2, "text": 2}


def test_a_share_is_part_of_name_and_condition(expand: Expand) -> None:
    (found,) = expand(corruptions={"each": ["shift"], "modalities": ["image"], "severities": [1], "share": 0.5})
    assert found.facts.name == "shift(image) on 0.5 of samples s1"
    assert found.share == 0.5


def test_crossed_patterns_leave_a_perturbed_modality(expand: Expand) -> None:
    found = expand(corruptions={"joint": [{"vector": "shift", "image": "shift"}], "severities": [2], "patterns": "all"})
    assert names(found) == [
        "shift(vector) + shift(image) s2",
        "shift(vector) + shift(image) s2, missing text",
        "shift(vector) + shift(image) s2, missing image",
        "shift(vector) + shift(image) s2, missing vector",
        "shift(vector) + shift(image) s2, missing image + text",
        "shift(vector) + shift(image) s2, missing vector + text",
    ]
    crossed = found[2]
    assert (crossed.present, list(crossed.views)) == (("vector", "text"), ["vector"])
    assert (crossed.facts.kind, crossed.facts.severity) == ("missing+corruption", 2)
    assert crossed.facts.group == "shift(vector) + shift(image), missing image"


def test_features_are_perturbed_by_what_may(expand: Expand) -> None:
    found = expand(corruptions={"each": ["shift"], "at": "features", "severities": [1]})
    assert names(found) == [f"shift({kind} features) s1" for kind in KINDS]
    assert {view.at for each in found for view in each.views.values()} == {"features"}


def test_several_parts_follow_one_another(expand: Expand) -> None:
    parts = [{"each": ["shift"], "modalities": ["image"], "severities": [1]}, {"each": ["lose-words"]}]
    assert len(expand(corruptions=parts)) == 1 + 3


def test_everything_together_has_unique_names_and_keys(expand: Expand) -> None:
    shift = {"each": ["shift"], "patterns": "all"}
    found = expand(
        clean=True,
        missing={"patterns": "all", "rates": [0.1, 0.5, {"image": 0.5}]},
        corruptions=[shift, {**shift, "share": 0.5}, {**shift, "at": "features"}, {"joint": [{"text": "lose-words"}]}],
    )
    assert len(set(names(found))) == len({each.key for each in found}) == len(found) > 60


def test_a_conditions_key_is_what_happens_and_not_its_name(expand: Expand) -> None:
    (one,) = expand(missing={"patterns": [["text"]]})
    named = replace(one, facts=replace(one.facts, name="another"))
    assert named.key == one.key
    (seeded,) = expand(missing={"patterns": [["text"]]}, seed=1)
    assert seeded.key != one.key


@pytest.mark.parametrize(
    ("protocol", "message"),
    [
        ({}, "no condition at all"),
        ({"missing": {"patterns": [["vectr"]]}}, "missing.patterns: unknown modality 'vectr'; did you mean 'vector'"),
        ({"missing": {"patterns": [list(KINDS)]}}, "missing.patterns: .* misses nothing; that is the clean condition"),
        ({"missing": {"rates": [{"txt": 0.5}]}}, "missing.rates: unknown modality 'txt'; did you mean 'text'"),
        ({"corruptions": {"each": ["shft"]}}, "corruptions.each: unknown perturbation 'shft'; did you mean 'shift'"),
        ({"corruptions": [{"each": ["shift"], "modalities": ["img"]}]}, r"corruptions\[0\].modalities: unknown"),
        ({"corruptions": {"each": ["shift"], "severities": [4]}}, "severity 4 is not there; .* severities 1 to 3"),
        ({"corruptions": {"each": ["lose-words"], "modalities": ["image"]}}, "'lose-words' takes none of .* image"),
        ({"corruptions": {"joint": [{"image": "lose-words"}]}}, "does not take modality 'image'"),
        ({"corruptions": {"each": ["lose-words"], "at": "features"}}, "'lose-words' takes none"),
        ({"corruptions": {"each": [{"use": "shift", "speed": 1}]}}, "unknown option 'speed'"),
        ({"corruptions": {"each": ["shift", "shift"]}}, "condition 'shift.*' is there twice"),
        (
            {"corruptions": {"each": ["shift", {"use": "shift", "levels": [9]}]}},
            "two conditions are called .*shift.*; give",
        ),
    ],
)
def test_mistakes_are_told_with_their_place(protocol: Any, message: str, expand: Expand) -> None:
    with pytest.raises(UsageError, match=f"^protocol.*{message}"):
        expand(**protocol)
