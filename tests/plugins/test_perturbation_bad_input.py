"""What every registered perturbation answers to bad input: one clear line, or a defined result."""

from __future__ import annotations

import wave
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from brownout.engine.components import bind
from brownout.engine.noise import KeyedNoise
from brownout.engine.specs import Condition, DatasetSpec
from brownout.suite.conditions import conditions_of
from brownout.suite.protocol import Protocol
from brownout_registry import KINDS, Modality, Padded, PerturbationCard, UsageError, catalogue

CARDS = {
    entry.card.name: entry.card
    for entry in catalogue().list("perturbation")
    if isinstance(entry.card, PerturbationCard)
}
SHAPES = {
    "image": (3, 16, 20),
    "spectrogram": (1, 16, 20),
    "depth": (1, 16, 20),
    "vector": (6,),
    "audio": (800,),
    "sequence": (20, 3),
    "text": (),
}
RANGES = {"image": (0.0, 1.0), "spectrogram": (0.0, 1.0), "depth": (0.0, 10.0), "audio": (-1.0, 1.0)}
MODALITIES: dict[str, Modality] = {
    kind: Modality("sense", kind, SHAPES[kind], RANGES.get(kind), sample_rate=8000) for kind in KINDS
}
SHARES = [name for name, card in CARDS.items() if card.parameter.startswith(("share", "probability"))]
every_card = pytest.mark.parametrize("name", CARDS)
SCRIPTS = {
    "Arabic": "الثعلب البني السريع يقفز فوق الكلب الكسول",
    "Chinese": "敏捷的棕色狐狸跳过懒狗 快 跑",
    "Cyrillic": "съешь ещё этих мягких французских булок",
    "Devanagari": "तेज़ भूरी लोमड़ी आलसी कुत्ते के ऊपर कूदती है",
    "Hangul": "다람쥐 헌 쳇바퀴에 타고파",
    "emoji": "👩‍👩‍👧‍👦 🏳️‍🌈 runs 🏃🏽‍♀️ far",
    "combining": "é ñ ẫ o̴͓̚",
    "control": "a\u0000b \u200f\u202ec\ufeff d",
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with one silent recording."""
    path = tmp_path_factory.mktemp("noise")
    with wave.open(str(path / "nothing.wav"), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(8000)
        file.writeframes(bytes(4000))
    return path


@pytest.fixture
def build(folder: Path) -> Callable[..., Any]:
    """``build("fog", "image", levels, **options)``: as the engine builds it; default levels where none are given."""

    def run(name: str, kind: str, levels: Any = None, **options: Any) -> Any:
        given = {"folder": str(folder), **options} if name == "background-noise" else options
        levels = levels or levels_of(name, kind)
        return bind("perturbation", name, given).build(MODALITIES[kind], levels=list(levels))

    return run


@pytest.fixture
def conditions() -> Callable[..., list[Condition]]:
    """``conditions(kind, corruptions)``: of a data set with one modality of this kind."""

    def run(kind: str, **corruptions: Any) -> list[Condition]:
        spec = DatasetSpec("some", bind("dataset", "two-moons", {}), "0", ("sense",))
        protocol = Protocol.model_validate({"corruptions": corruptions})
        return conditions_of(protocol, spec, [MODALITIES[kind]])

    return run


def levels_of(name: str, kind: str) -> tuple[float, ...]:
    levels = CARDS[name].levels
    return levels.get(kind, levels.get("*", ()))


def use(name: str, folder: Path) -> dict[str, Any]:
    """A perturbation in a suite."""
    return {"use": name, "folder": str(folder)} if name == "background-noise" else {"use": name}


def refused(build: Any, name: str, kind: str, says: str, levels: Any = None, **options: Any) -> None:
    with pytest.raises(UsageError, match=says) as caught:
        build(name, kind, levels, **options)
    assert "\n" not in str(caught.value)
    assert name in str(caught.value)


@every_card
def test_a_severity_that_does_not_exist(name: str, conditions: Any, folder: Path) -> None:
    for kind in CARDS[name].takes:
        most = len(levels_of(name, kind))
        with pytest.raises(UsageError, match=rf"severity {most + 1} is not there; .* has severities 1 to {most}$"):
            conditions(kind, each=[use(name, folder)], severities=[most + 1])
        assert len(conditions(kind, each=[use(name, folder)])) == 1 + most


@every_card
def test_a_kind_that_it_does_not_know(name: str, conditions: Any, folder: Path) -> None:
    for kind in set(KINDS) - set(CARDS[name].takes):
        with pytest.raises(UsageError, match=f"'{name}' takes none of the modalities sense$"):
            conditions(kind, each=[use(name, folder)])
        with pytest.raises(UsageError, match=f"'{name}' does not take modality 'sense' \\({kind}\\)$"):
            conditions(kind, joint=[{"sense": use(name, folder)}])


@every_card
@pytest.mark.parametrize("level", [float("nan"), float("inf"), "half", None, True])
def test_a_level_that_is_no_number(name: str, level: object, build: Any) -> None:
    for kind in CARDS[name].takes:
        refused(build, name, kind, rf"'sense': levels\[0\] is {level!r}, expected ", [level])


@pytest.mark.parametrize("name", SHARES)
@pytest.mark.parametrize("rate", [-0.1, 1.1])
def test_a_rate_outside_0_to_1(name: str, rate: float, build: Any) -> None:
    for kind in CARDS[name].takes:
        refused(build, name, kind, rf"'sense': levels\[1\] is {rate}, expected ", [0.5, rate])


@pytest.mark.parametrize(
    ("name", "option"),
    [(name, each.name) for name, card in CARDS.items() for each in card.options if each.name in ("share", "density")],
)
@pytest.mark.parametrize("rate", [-0.1, 1.5, float("nan")])
def test_an_option_that_is_no_share(name: str, option: str, rate: float, build: Any) -> None:
    refused(build, name, CARDS[name].takes[0], f"option '{option}' is {rate}", **{option: rate})


@pytest.mark.parametrize(
    ("name", "option"), [(name, each.name) for name, card in CARDS.items() for each in card.options if each.choices]
)
def test_a_choice_that_is_none(name: str, option: str, build: Any) -> None:
    refused(build, name, CARDS[name].takes[0], f"'{option}'.*'sideways'", **{option: "sideways"})


@every_card
def test_an_option_that_is_none(name: str, build: Any) -> None:
    refused(build, name, CARDS[name].takes[0], "unknown option 'strenght'", strenght=1)


@pytest.mark.parametrize(
    ("name", "kind", "option"), [("background-noise", "audio", "folder"), ("frost", "image", "pictures")]
)
def test_an_empty_folder(name: str, kind: str, option: str, build: Any, tmp_path: Path) -> None:
    refused(build, name, kind, "no .* file", **{option: str(tmp_path)})


@pytest.mark.parametrize("name", [name for name, card in CARDS.items() if "text" in card.takes])
@pytest.mark.parametrize("script", SCRIPTS)
def test_a_text_of_another_script(name: str, script: str, build: Any) -> None:
    """Every severity gives texts that can be written to a file; where there is no word, nothing changes."""
    texts, perturb = [SCRIPTS[script], "", " \t\n"], build(name, "text")
    for severity in range(1, 1 + len(levels_of(name, "text"))):
        result = perturb(texts, severity, KeyedNoise(0, name, "sense", (1, 2, 3)))
        assert [text.encode().decode() for text in result] == result
        assert result[1:] == texts[1:]


@pytest.mark.parametrize(
    ("name", "kind"), [(name, kind) for name, card in CARDS.items() for kind in card.takes if kind != "text"]
)
@pytest.mark.parametrize("share", [0.0, 0.5, 1.0])
def test_a_constant_or_silent_input(name: str, kind: str, share: float, build: Any) -> None:
    """At the lowest, the middle and the highest value; the middle of audio is silence. One sample has no step."""
    low, high = RANGES.get(kind, (0.0, 1e4))
    values = torch.full((3, *SHAPES[kind]), low + share * (high - low))
    padded = kind in ("audio", "sequence")
    lengths = torch.tensor([SHAPES[kind][0], 1, 0])
    steps = torch.arange(values.shape[1]) < lengths[:, None]
    values = torch.where(steps.reshape(*steps.shape, *[1] * (values.ndim - 2)), values, 0) if padded else values
    perturb = build(name, kind)
    for severity in range(1, 1 + len(levels_of(name, kind))):
        inputs = Padded(values, lengths) if padded else values
        result = perturb(inputs, severity, KeyedNoise(0, name, "sense", (1, 2, 3)))
        found = result.values if isinstance(result, Padded) else result
        assert torch.isfinite(found).all()
        assert found.shape == values.shape
        if kind in RANGES:
            assert low <= float(found.min())
            assert float(found.max()) <= high
        if padded:
            assert not found[~steps].any()
