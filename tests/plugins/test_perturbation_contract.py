"""What every registered perturbation must hold, whoever wrote it: the contract of `brownout_registry.Perturbation`."""

from __future__ import annotations

import wave
from collections.abc import Callable, Sequence
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from brownout.engine.components import bind
from brownout.engine.noise import KeyedNoise
from brownout_registry import KINDS, Inputs, Modality, Padded, PerturbationCard, catalogue

SAMPLES = 6
MODALITIES = {
    "image": Modality("image", "image", (3, 32, 40), range=(0.0, 1.0)),
    "spectrogram": Modality("spectrogram", "spectrogram", (1, 32, 40), range=(0.0, 1.0)),
    "depth": Modality("depth", "depth", (1, 32, 40), range=(0.0, 10.0)),
    "vector": Modality("vector", "vector", (12,), scale=(1.0,) * 12),
    "audio": Modality("audio", "audio", (4000,), range=(-1.0, 1.0), sample_rate=8000),
    "sequence": Modality("sequence", "sequence", (40, 3), scale=(1.0,) * 3, sample_rate=50),
    "text": Modality("text", "text", ()),
}
TEXTS = [
    "the quick brown fox jumps over the lazy dog " * 4,
    "",
    "seven small happy birds sing",
    "ein Wort",
    "好 词",
    "a b",
]
LOOKS_ALIKE = {"zoom-blur", "brightness", "saturate", "glass-blur", "elastic-transform", "spatter", "frost"}
"""Published constants under which a severity is not always further from the clean input than the one before."""
CASES = [
    (entry.card.name, kind)
    for entry in catalogue().list("perturbation")
    if isinstance(entry.card, PerturbationCard)
    for kind in entry.card.takes
]


@cache
def inputs_of(kind: str) -> Inputs:
    """Six samples of a kind; pictures are smooth, lengths differ."""
    rng = torch.Generator().manual_seed(0)
    modality = MODALITIES[kind]
    if kind == "text":
        return TEXTS
    if kind in ("image", "spectrogram", "depth"):
        low, high = modality.range or (0.0, 1.0)
        small = torch.rand(SAMPLES, modality.shape[0], 4, 5, generator=rng)
        return low + (high - low) * torch.nn.functional.interpolate(small, size=modality.shape[1:], mode="bilinear")
    values = torch.randn(SAMPLES, *modality.shape, generator=rng)
    if kind == "vector":
        return values
    lengths = torch.tensor([1.0, 0.5, 0.75, 1.0, 0.9, 0.6]).mul(modality.shape[0]).long()
    steps = torch.arange(modality.shape[0]) < lengths[:, None]
    values = (values * 0.2).clamp(-1, 1) if kind == "audio" else values
    return Padded(torch.where(steps.reshape(*steps.shape, *[1] * (values.ndim - 2)), values, 0.0), lengths)


def rows_of(inputs: Any, rows: Sequence[int]) -> Any:
    if isinstance(inputs, Padded):
        return Padded(inputs.values[list(rows)], inputs.lengths[list(rows)])
    return inputs[list(rows)] if isinstance(inputs, Tensor) else [inputs[row] for row in rows]


def numbers(inputs: Any) -> Tensor:
    return inputs.values if isinstance(inputs, Padded) else inputs


def same(one: Any, other: Any) -> bool:
    if isinstance(one, list):
        return bool(one == other)
    if isinstance(one, Padded) and not torch.equal(one.lengths, other.lengths):
        return False
    return torch.equal(numbers(one), numbers(other))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with one recording, for background noise."""
    path = tmp_path_factory.mktemp("noise")
    with wave.open(str(path / "hum.wav"), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(8000)
        file.writeframes((8000 * np.sin(np.arange(16000) / 9)).astype("<i2").tobytes())
    return path


@pytest.fixture
def perturb(folder: Path) -> Callable[..., Any]:
    """``perturb("fog", "image", severity, rows)``: some samples, under the noise that the engine gives them."""

    def run(name: str, kind: str, severity: int, rows: Sequence[int] = range(SAMPLES)) -> Any:
        component = bind("perturbation", name, {"folder": str(folder)} if name == "background-noise" else {})
        function = component.build(MODALITIES[kind], levels=list(levels_of(name, kind)))
        noise = KeyedNoise(0, name, kind, tuple(100 + row for row in rows))
        return function(rows_of(inputs_of(kind), rows), severity, noise)

    return run


def levels_of(name: str, kind: str) -> tuple[float, ...]:
    card = catalogue().find("perturbation", name).card
    assert isinstance(card, PerturbationCard)
    return tuple(card.levels.get(kind, card.levels.get("*", ())))


def distance(clean: Any, dirty: Any) -> float:
    if isinstance(clean, list):
        return sum(one != other for one, other in zip(clean, dirty, strict=True)) / len(clean)
    return float((numbers(clean) - numbers(dirty)).abs().mean())


def test_every_kind_is_perturbed_by_something() -> None:
    assert {kind for _, kind in CASES} == set(KINDS)
    assert len({name for name, _ in CASES}) > 40


@pytest.mark.parametrize(("name", "kind"), CASES)
def test_the_result_is_of_the_inputs_form_and_range(name: str, kind: str, perturb: Any) -> None:
    clean, before = inputs_of(kind), inputs_of(kind)
    kept = list(before) if isinstance(before, list) else numbers(before).clone()
    for severity in (1, len(levels_of(name, kind))):
        dirty = perturb(name, kind, severity)
        assert type(dirty) is type(clean)
        if isinstance(dirty, list):
            assert len(dirty) == len(clean)
            assert all(isinstance(text, str) for text in dirty)
            continue
        assert numbers(dirty).shape == numbers(clean).shape
        assert numbers(dirty).dtype == torch.float32
        assert torch.isfinite(numbers(dirty)).all()
        if bounds := MODALITIES[kind].range:
            assert bounds[0] <= float(numbers(dirty).min())
            assert float(numbers(dirty).max()) <= bounds[1]
        if isinstance(dirty, Padded):
            assert torch.equal(dirty.lengths, clean.lengths)
            behind = torch.arange(dirty.values.shape[1]) >= dirty.lengths[:, None]
            assert not dirty.values[behind].any()
    assert (clean == kept) if isinstance(clean, list) else torch.equal(numbers(clean), kept)


@pytest.mark.parametrize(("name", "kind"), CASES)
def test_a_sample_depends_on_itself_alone(name: str, kind: str, perturb: Any) -> None:
    for severity in (1, len(levels_of(name, kind))):
        together = perturb(name, kind, severity)
        assert same(perturb(name, kind, severity, [4, 1]), rows_of(together, [4, 1]))
        assert same(perturb(name, kind, severity, [2]), rows_of(together, [2]))


@pytest.mark.parametrize(("name", "kind"), CASES)
def test_a_severity_takes_the_samples_further(name: str, kind: str, perturb: Any) -> None:
    found = [distance(inputs_of(kind), perturb(name, kind, 1 + each)) for each in range(len(levels_of(name, kind)))]
    assert found[-1] > 0
    if name not in LOOKS_ALIKE:
        assert all(later >= 0.999 * earlier for earlier, later in pairwise(found)), found
