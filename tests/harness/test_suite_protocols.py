"""Patterns by word, shares, mispaired samples, samples left with nothing, and named protocols: the grammar's words."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from brownout.engine.components import bind
from brownout.engine.data import build_dataset
from brownout.engine.specs import Condition, DatasetSpec
from brownout.suite import parse_suite
from brownout.suite.conditions import conditions_of
from brownout.suite.protocol import Protocol
from brownout_registry import Card, ProtocolCard, UsageError, catalogue

pytestmark = pytest.mark.usefixtures("testing_plugin")

KINDS = ("vector", "image", "text")
NOTHING = r"{}: nothing of it applies to synthetic .vector: vector, image: image, text: text."
Expand = Callable[..., list[Condition]]


@pytest.fixture
def expand(testing_plugin: Any) -> Expand:
    """``expand(["vector", "image"], missing=..., corruptions=...)``: the conditions besides clean."""

    def run(modalities: Any = KINDS, **protocol: Any) -> list[Condition]:
        component = bind("dataset", "synthetic", {"modalities": list(modalities)})
        dataset = build_dataset(component)
        spec = DatasetSpec("synthetic", component, dataset.fingerprint, tuple(modalities))
        return conditions_of(Protocol.model_validate({"clean": False, **protocol}), spec, dataset.modalities)

    return run


def names(conditions: list[Condition]) -> list[str]:
    return [each.facts.name for each in conditions]


def test_each_modality_missing_or_present_alone(expand: Expand) -> None:
    missing = expand(missing={"patterns": "single-missing"})
    assert names(missing) == ["missing text", "missing image", "missing vector"]
    present = expand(missing={"patterns": "single-present"})
    assert [each.present for each in present] == [("vector",), ("image",), ("text",)]
    assert names(present)[0] == "missing image + text"


def test_with_two_modalities_the_words_mean_the_same_and_with_one_nothing(expand: Expand) -> None:
    words = ["all", "single-missing", "single-present"]
    both = [expand(["vector", "image"], missing={"patterns": word}) for word in words]
    assert [len(each) for each in both] == [2, 2, 2]
    assert len({frozenset(names(each)) for each in both}) == 1
    assert [len(expand(["image"], clean=True, missing={"patterns": word})) for word in words] == [1, 1, 1]


def test_corruptions_are_crossed_with_patterns_by_word(expand: Expand) -> None:
    part = {"each": ["shift"], "modalities": ["image"], "severities": [2]}
    assert names(expand(corruptions={**part, "patterns": "single-missing"})) == [
        "shift(image) s2",
        "shift(image) s2, missing text",
        "shift(image) s2, missing vector",
    ]
    assert names(expand(corruptions={**part, "patterns": "single-present"})) == [
        "shift(image) s2",
        "shift(image) s2, missing vector + text",
    ]


def test_how_a_share_is_drawn_is_part_of_name_and_condition(expand: Expand) -> None:
    part = {"each": ["shift"], "modalities": ["image"], "severities": [1], "share": 0.5}
    ways: list[dict[str, bool]] = [{}, {"exact": True}, {"together": True}, {"exact": True, "together": True}]
    found = [expand(corruptions={**part, **way})[0] for way in ways]
    assert names(found) == [
        "shift(image) on 0.5 of samples s1",
        "shift(image) on exactly 0.5 of samples s1",
        "shift(image) on 0.5 of samples, together s1",
        "shift(image) on exactly 0.5 of samples, together s1",
    ]
    assert len({each.key for each in found}) == 4


def test_mispaired_modalities_one_at_a_time(expand: Expand) -> None:
    found = expand(mispaired={"shares": [0.1, 0.5]})
    assert names(found) == [f"mispaired({name}) {share}" for name in KINDS for share in (0.1, 0.5)]
    facts = found[3].facts
    assert (facts.group, facts.kind, facts.severity) == ("mispaired(image)", "corruption", 2)
    assert (facts.level, facts.parameter) == (0.5, "share of samples")
    assert found[3].mispaired == {"image": 0.5}
    assert len({each.key for each in found}) == len(found)
    assert names(expand(mispaired={"shares": [1.0], "modalities": ["text"]})) == ["mispaired(text) 1"]


def test_by_kind_a_part_passes_over_what_a_dataset_has_not(expand: Expand) -> None:
    part = {"by_kind": True, "severities": [1]}
    each = expand(corruptions={**part, "modalities": ["audio", "image"], "each": ["shift", "lose-words"]})
    assert names(each) == ["shift(image) s1"]
    joint = expand(corruptions={**part, "joint": [{"audio": "shift", "image": "shift", "text": "lose-words"}]})
    assert names(joint) == ["shift(image) + lose-words(text) s1"]
    alone = expand(corruptions={**part, "joint": [{"audio": "shift", "image": "shift"}], "each": ["lose-words"]})
    assert names(alone) == ["lose-words(text) s1"]
    assert expand(clean=True, corruptions={**part, "modalities": ["audio"], "each": ["shift"]})[1:] == []


def test_a_modality_may_have_the_name_of_another_kind() -> None:
    """As the home activities have vectors called audio."""
    component = bind("dataset", "htad", {})
    dataset = build_dataset(component)
    spec = DatasetSpec("htad", component, dataset.fingerprint, ("audio", "accelerometer"))
    noise = {"use": "gaussian-noise", "levels": [0.1]}
    attack = {"use": "pgd", "joint": [["audio", "accelerometer"]], "severities": [1]}
    protocol = {"clean": False, "corruptions": {"joint": [dict.fromkeys(spec.modalities, noise)]}, "attacks": [attack]}
    found = conditions_of(Protocol.model_validate(protocol), spec, dataset.modalities)
    assert names(found) == ["gaussian-noise(all) s1", "pgd(all) s1"]


def test_by_kind_what_was_there_already_is_still_crossed(expand: Expand) -> None:
    part = {"by_kind": True, "severities": [1], "modalities": ["image"], "each": ["shift"]}
    found = expand(corruptions=[part, {**part, "patterns": [["image", "vector"]]}])
    assert names(found) == ["shift(image) s1", "shift(image) s1, missing text"]


def test_conditions_of_the_same_content_are_told_apart_by_their_names(expand: Expand) -> None:
    """A joint part that a pattern leaves one view of is the same as that view alone."""
    each = {"each": ["shift"], "modalities": ["image"], "severities": [1], "patterns": [["image", "text"]]}
    joint = {"joint": [{"image": "shift", "vector": "shift"}], "severities": [1], "patterns": [["image", "text"]]}
    found = expand(corruptions=[each, joint], missing={"rates": [0.5, dict.fromkeys(KINDS, 0.5)]})
    assert len({condition.key for condition in found}) == len(found) == 6
    assert [condition.key for condition in found[2:4]] == [condition.key for condition in expand(corruptions=[each])]


def test_by_kind_what_was_there_already_is_passed_over(expand: Expand) -> None:
    part = {"by_kind": True, "severities": [1], "joint": [{"vector": "shift", "image": "shift", "audio": "shift"}]}
    assert names(expand(corruptions=[part, part])) == ["shift(vector) + shift(image) s1"]
    named = {"use": "shift", "name": "another"}
    other = {**part, "joint": [{"vector": named, "image": named}]}
    assert names(expand(corruptions=[part, other])) == ["shift(vector) + shift(image) s1"]


@pytest.mark.parametrize(
    ("protocol", "message"),
    [
        (
            {"mispaired": {"shares": [0.1], "modalities": ["imge"]}},
            "mispaired.modalities: .*'imge'; did you mean 'image'",
        ),
        ({"mispaired": {"shares": [0.1, 0.1]}}, "condition 'mispaired.vector. 0.1' is there twice"),
        (
            {"corruptions": {"by_kind": True, "modalities": ["imge"], "each": ["shift"]}},
            "corruptions.modalities: unknown kind 'imge'.*image",
        ),
        (
            {"corruptions": {"patterns": [["vectr"]], "each": ["shift"]}},
            "corruptions.patterns: unknown modality 'vectr'",
        ),
        ({"missing": {"rates": [{"imge": 0.5}]}}, "missing.rates: unknown modality 'imge'; did you mean 'image'"),
        ({"corruptions": {"each": ["shift"], "modalities": ["audio"]}}, NOTHING.format("corruptions")),
        ({"corruptions": {"joint": [{"image": "shift", "audio": "shift"}]}}, "corruptions.joint: there is no audio in"),
        ({"mispaired": {"shares": [0.5], "modalities": ["audio"]}}, NOTHING.format("mispaired")),
        ({"attacks": [{"use": "pgd", "modalities": ["audio"]}]}, NOTHING.format(r"attacks\[0\]")),
        ({"attacks": [{"use": "pgd", "joint": [["image", "audio"]]}]}, r"attacks\[0\].joint: there is no audio in"),
    ],
)
def test_mistakes_about_a_dataset_are_told_with_their_place(protocol: Any, message: str, expand: Expand) -> None:
    with pytest.raises(UsageError, match=f"^protocol.*{message}"):
        expand(**protocol)


def test_one_modality_has_nothing_to_be_mispaired_with(expand: Expand) -> None:
    with pytest.raises(UsageError, match="mispaired: synthetic has one modality"):
        expand(["image"], mispaired={"shares": [0.5]})


@pytest.mark.parametrize(
    ("protocol", "message"),
    [
        (
            {"missing": {"patterns": "single"}},
            "missing.patterns: expected .*'all', 'single-missing' or 'single-present'",
        ),
        ({"missing": {"patterns": [[]]}}, r"missing.patterns\[0\]: expected a list of at least 1 item"),
        ({"missing": {"rates": [-0.1]}}, r"missing.rates\[0\]: expected greater than 0"),
        ({"missing": {"rates": [1.2]}}, r"missing.rates\[0\]: expected less than 1"),
        ({"missing": {"rates": [{"image": 1.2}]}}, r"missing.rates\[0\].image: expected less than 1"),
        ({"missing": {"rates": [0]}}, r"missing.rates\[0\]: expected greater than 0"),
        ({"missing": {"empty": "drop"}}, "missing.empty: expected 'refuse', 'keep' or 'predict', found 'drop'"),
        ({"corruptions": {"share": 0}}, "corruptions.share: expected greater than 0"),
        ({"corruptions": {"share": 1.5}}, "corruptions.share: expected less than or equal to 1"),
        (
            {"corruptions": {"each": ["shift"], "exact": True}},
            "corruptions: 'exact' and 'together' say .* give a 'share' below 1",
        ),
        ({"mispaired": {}}, "mispaired.shares: is required"),
        ({"mispaired": {"shares": []}}, "mispaired.shares: expected a list of at least 1 item"),
        ({"mispaired": {"shares": [0]}}, r"mispaired.shares\[0\]: expected greater than 0"),
        ({"mispaired": {"shares": [2]}}, r"mispaired.shares\[0\]: expected less than or equal to 1"),
        ({"mispaired": {"share": [0.5]}}, "mispaired.share: unknown key 'share'; did you mean 'shares'"),
        ({"use": "missing-al"}, "use: unknown protocol 'missing-al'.* 'missing-all'"),
    ],
)
def test_mistakes_about_values_name_the_key(protocol: Any, message: str, make_suite: Any) -> None:
    with pytest.raises(UsageError, match=f"suite: protocol.{message}"):
        parse_suite(make_suite(protocol=protocol))


@pytest.fixture
def name_protocol(monkeypatch: pytest.MonkeyPatch) -> Callable[[dict[str, Any]], None]:
    """``name_protocol(content)``: a protocol called ``missing-all``, version 7, says this."""

    def name(content: dict[str, Any]) -> None:
        found = catalogue().find("protocol", "missing-all")
        card = ProtocolCard(name="missing-all", target="nowhere:nothing", summary="for tests", version="7")
        monkeypatch.setattr("brownout.suite.load.resolve", lambda _: lambda: content)
        monkeypatch.setattr(type(catalogue()), "find", _finder(found, card))

    return name


def _finder(entry: Any, card: Card) -> Any:
    real = type(catalogue()).find

    def find(self: Any, kind: str, name: str) -> Any:
        return type(entry)(card, entry.plugin) if kind == "protocol" else real(self, kind, name)

    return find


def test_a_named_protocol_has_its_name_and_version(make_suite: Any, name_protocol: Any) -> None:
    name_protocol({"missing": {"patterns": "all"}})
    for written in ("missing-all", {"use": "missing-all"}):
        protocol = parse_suite(make_suite(protocol=written)).protocol
        assert (protocol.name, protocol.version, protocol.missing.patterns) == ("missing-all", "7", "all")


def test_keys_beside_use_replace_its_own_and_are_told(make_suite: Any, name_protocol: Any) -> None:
    name_protocol({"missing": {"patterns": "all"}, "clean": True})
    given = {"use": "missing-all", "seed": 3, "clean": True, "missing": {"rates": [0.5]}}
    protocol = parse_suite(make_suite(protocol=given)).protocol
    assert (protocol.seed, protocol.missing.patterns, protocol.missing.rates) == (3, "all", [0.5])
    assert protocol.name == "missing-all with its own missing.rates"
    protocol = parse_suite(make_suite(protocol={"use": "missing-all", "seed": 3, "clean": True})).protocol
    assert protocol.name == "missing-all"
    protocol = parse_suite(make_suite(protocol={**given, "name": "mine", "version": "2"})).protocol
    assert (protocol.name, protocol.version) == ("mine", "2")
    for alike in ({"name": "missing-all"}, {"version": "2"}):
        with pytest.raises(UsageError, match="protocol: name and version of 'missing-all' are its own"):
            parse_suite(make_suite(protocol={**given, **alike}))
