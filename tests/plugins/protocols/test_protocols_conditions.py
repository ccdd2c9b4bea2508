"""Which conditions each named protocol stands for, on real data and on every kind of modality."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
import yaml

from brownout.engine.components import bind
from brownout.engine.noise import KeyedNoise
from brownout.engine.specs import DatasetSpec
from brownout.suite import load_suite
from brownout.suite.conditions import conditions_of
from brownout_protocols.plugin import brownout_protocols
from brownout_registry import KINDS, Modality, Padded, catalogue

ROOT = Path(__file__).parents[3]
NAMES = [card.name for card in brownout_protocols()]
FILES = sorted((ROOT / "plugins" / "protocols" / "brownout_protocols" / "data").glob("*.yaml"))
EVERYTHING = ("image", "depth", "spectrogram", "audio", "text", "vector", "sequence")
V2, V3, V7 = 2**2 - 2, 2**3 - 2, 2**7 - 2
WITH = 2**6 - 1  # proper patterns of seven modalities that leave a given one

COUNTS = {  # without the clean condition: on htad, digits-views, emoji, and on one modality of each kind
    "missing-all": (V2, V3, V2, V7),
    "missing-rates": (9, 9, 9, 9),
    "imagenet-c": (0, 0, 15 * 5, 15 * 5),
    "cifar-c": (0, 0, 15 * 5, 15 * 5),
    "text-noise": (0, 0, 12 * 5, 12 * 5),
    "audio-noise": (0, 0, 0, (10 + 3) * 5),
    "missing-and-corruption": (V2 + 3 + 2 * 3 * 2, V3 + 3 + 3 * 3 * 4, V2 + 3 + 2 * 3 * 2, V7 + 3 + 7 * 3 * (1 + WITH)),
    "adversarial": (2 * 4 * 2 + 4 * 2, 3 * 4 * 2 + 4 * 2, 4 * 2 + 2, 6 * 4 * 2 + 2 + 4 * 2),
    "jacobian-2022": (2 * 2 + 4 + 2 * 2, 3 * 2 + 4 + 3 * 2, 2 + 2, 4 + 3 + 2 + 4 + 4 * 2 + 2),
    "qmf-2023": (2, 2, 2 + 2, 2 + 2),
    "dmrnet-2024": (V2, V3, V2, V7),
    "raml-2023": (V2, V3, V2 + 4 * 5, V7 + 4 * 5),
}


def test_every_protocol_is_counted() -> None:
    assert set(COUNTS) == set(NAMES)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(("place", "data"), list(enumerate(["htad", "digits-views", "emoji"])))
def test_conditions_on_real_data(
    name: str, place: int, data: str, on_data: Any, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    if data == "emoji":
        monkeypatch.setenv("BROWNOUT_DATA", str(request.getfixturevalue("shared_data")))
    found = on_data(name, data)
    assert len(found) == 1 + COUNTS[name][place]
    assert len({each.key for each in found}) == len(found)


@pytest.mark.parametrize("name", NAMES)
def test_conditions_on_every_kind(name: str, conditions: Any) -> None:
    found = conditions(name, *EVERYTHING)
    assert len(found) == 1 + COUNTS[name][3]
    assert len({each.key for each in found}) == len(found)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("kind", KINDS)
def test_one_modality_is_enough_and_names_stay_distinct(name: str, kind: str, conditions: Any) -> None:
    found = conditions(name, kind)
    assert found[0].facts.kind == "clean"
    assert len({each.key for each in found}) == len(found)


def names(found: Any) -> list[str]:
    return [each.facts.name for each in found]


def test_the_papers_conditions_by_name(conditions: Any) -> None:
    assert names(conditions("qmf-2023", "image", "depth")) == [
        "clean",
        "qmf-gaussian(all) on 0.5 of samples s1",
        "qmf-gaussian(all) on 0.5 of samples s2",
        "qmf-salt-and-pepper(all) on 0.5 of samples s1",
        "qmf-salt-and-pepper(all) on 0.5 of samples s2",
    ]
    assert names(conditions("jacobian-2022", "image", "spectrogram")) == [
        "clean",
        "w0 noise(spectrum) s1",
        "missing frames(spectrum) s1",
        "w0 noise(picture) s1",
        "bias-patch(picture) s1",
        *(f"gaussian-noise(all) s{severity}" for severity in (1, 2, 3, 4)),
        *(f"{attack}({name}, unimodal) s1" for name in ("spectrum", "picture") for attack in ("fgsm", "pgd")),
    ]
    raml = conditions("raml-2023", "image", "text")
    assert names(raml)[:4] == ["clean", "missing words", "missing picture", "gaussian-noise(picture) s1"]
    beside = [each for each in raml if each.facts.group == "noise beside p = 0.1(picture) + word-blanking(words)"]
    levels = [[view.levels[each.facts.severity - 1] for view in each.views.values()] for each in beside]
    assert levels == [[sigma, 0.1] for sigma in (0.08, 0.12, 0.18, 0.26, 0.38)]


PICTURE = Modality("image", "image", (3, 8, 8), (0.0, 1.0))
SETS = {  # as the papers' suites call their modalities
    "digits": (PICTURE, Modality("audio", "spectrogram", (1, 64, 64), (0.0, 1.0))),
    "scenes": (PICTURE, Modality("depth", "depth", (1, 8, 8), (0.0, 1.0))),
    "emoji": (PICTURE, Modality("text", "text", ())),
    "activities": (Modality("audio", "vector", (9,)), Modality("accelerometer", "vector", (9,))),
}


SUITES = [
    *((f"dmrnet-table-{number}", "dmrnet-2024", data) for number in (1, 2, 3) for data in ("digits", "scenes")),
    *((f"raml-table-{number}", "raml-2023", data) for number in (1, 5, 6) for data in ("emoji", "activities")),
    *((f"qmf-table-{number}", "qmf-2023", data) for number in (1, 3) for data in ("scenes", "emoji", "activities")),
    *(("jacobian-table-1", "jacobian-2022", data) for data in ("digits", "activities")),
    *(("jacobian-table-4", "jacobian-2022", data) for data in ("digits", "emoji")),
    *(("jacobian-table-5", "jacobian-2022", data) for data in ("digits", "activities")),
]


@pytest.mark.parametrize(("suite", "name", "data"), SUITES)
def test_a_papers_suite_and_its_protocol_agree(suite: str, name: str, data: str, protocol_of: Any) -> None:
    """What a suite spells out is among the named protocol's conditions, to the same keys."""
    inline = load_suite(ROOT / "configs" / "papers" / f"{suite}.yaml").protocol
    spec = DatasetSpec(data, bind("dataset", "two-moons", {}), "", tuple(each.name for each in SETS[data]))
    spelt = {each.key for each in conditions_of(inline, spec, SETS[data], alone=False)}
    named = {each.key for each in conditions_of(protocol_of(name), spec, SETS[data])}
    assert len(spelt) > 1
    assert spelt <= named
    assert spelt == named or name != "dmrnet-2024"


def an_input(modality: Modality) -> Any:
    """Two samples of a modality, reproducible."""
    if modality.kind == "text":
        return ["Ein kurzer Satz, nothing more", ""]
    values = torch.rand(2, *modality.shape, generator=torch.Generator().manual_seed(0))
    return Padded(values, torch.tensor([modality.shape[0]] * 2)) if modality.kind in ("audio", "sequence") else values


@pytest.mark.parametrize("name", NAMES)
def test_every_perturbation_takes_the_smallest_inputs(name: str, conditions: Any, made_up: Any) -> None:
    """8 x 8 pixels, 16 columns, half a second, an empty text: built and applied at the last severity."""
    modalities = {each.name: each for each in made_up.values()}
    views = {view.group: view for each in conditions(name, *made_up) for view in each.views.values()}
    for view in views.values():
        assert view.perturbation is not None
        function = view.perturbation.build(modalities[view.modality], levels=list(view.levels))
        inputs = an_input(modalities[view.modality])
        found = function(inputs, len(view.levels), KeyedNoise(0, view.perturbation.short, view.modality, (3, 4)))
        assert type(found) is type(inputs)


def test_a_protocol_asks_for_nothing_that_is_not_installed() -> None:
    """Every perturbation and attack that a file names, whether or not a dataset has its kind."""
    assert len(FILES) == len(NAMES)
    for path in FILES:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
        parts = content.get("corruptions", [])
        for part in parts if isinstance(parts, list) else [parts]:
            assert part["by_kind"] is True, "a named protocol is for any dataset"
            for use in [*part.get("each", []), *(use for joint in part.get("joint", []) for use in joint.values())]:
                assert catalogue().find("perturbation", use if isinstance(use, str) else use["use"])
        for use in content.get("attacks", []):
            assert catalogue().find("attack", use["use"])


@pytest.mark.parametrize("name", NAMES)
def test_a_file_and_its_card_belong_together(name: str, protocol_of: Any) -> None:
    assert (ROOT / "plugins/protocols/brownout_protocols/data" / f"{name}.yaml") in FILES
    protocol = protocol_of({"use": name, "seed": 5})
    assert (protocol.name, protocol.version, protocol.seed) == (name, "1", 5)
    changed = protocol_of({"use": name, "missing": {"rates": [0.25]}})
    assert changed.name == f"{name} with its own missing.rates"
