"""What every registered perturbation must hold besides the conformance kit (see `test_conformance_components`).

Any batch of any samples, the smallest inputs and representations.
"""

from __future__ import annotations

import wave
from collections.abc import Callable, Sequence
from functools import cache
from math import prod
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from torch import Tensor
from torch.nn.functional import interpolate

from brownout.engine.components import bind
from brownout.engine.data import build_dataset, read
from brownout.engine.inputs import as_inputs, modality_of
from brownout.engine.noise import KeyedNoise
from brownout.engine.perturb import perturbed
from brownout.engine.specs import DatasetSpec, ViewSpec
from brownout_registry import (
    KINDS,
    Inputs,
    Modality,
    Padded,
    PerturbationCard,
    Representation,
    UsageError,
    catalogue,
)

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
SMALLEST = {
    "smallest image": Modality("image", "image", (3, 8, 8), range=(0.0, 1.0)),
    "smallest spectrogram": Modality("spectrogram", "spectrogram", (1, 8, 8), range=(0.0, 1.0)),
    "smallest depth": Modality("depth", "depth", (1, 8, 8), range=(0.0, 10.0)),
    "smallest vector": Modality("vector", "vector", (1,), scale=(1.0,)),
    "smallest audio": Modality("audio", "audio", (1,), range=(-1.0, 1.0), sample_rate=8000),
    "smallest sequence": Modality("sequence", "sequence", (1, 1), scale=(1.0,)),
    "smallest text": Modality("text", "text", ()),
}
REPRESENTATIONS = {
    "vector features": Representation("vector", (12,)),
    "map features": Representation("map", (4, 8, 9)),
    "sequence features": Representation("sequence", (20, 6)),
}
FEATURES = {name: modality_of(each, "encoded") for name, each in REPRESENTATIONS.items()}
SUBJECTS = {**MODALITIES, **SMALLEST, **FEATURES}
TEXTS = [
    "the quick brown fox jumps over the lazy dog " * 4,
    "",
    "seven small happy birds sing",
    "ein Wort",
    "好 词",
    "a b",
]
CARDS = {
    entry.card.name: entry.card
    for entry in catalogue().list("perturbation")
    if isinstance(entry.card, PerturbationCard)
}
CASES = [
    (name, subject)
    for name, card in CARDS.items()
    for subject, modality in SUBJECTS.items()
    if modality.kind in card.takes and (card.features or subject not in FEATURES)
]
every_case = pytest.mark.parametrize(("name", "subject"), CASES)


@cache
def inputs_of(subject: str) -> Inputs:
    """Six samples of a modality or representation; pictures and signals are smooth, lengths differ."""
    modality, rng = SUBJECTS[subject], torch.Generator().manual_seed(0)
    if modality.kind == "text":
        return TEXTS if subject == "text" else [""] * SAMPLES
    if modality.kind in ("image", "spectrogram", "depth"):
        low, high = modality.range or (-2.0, 2.0)
        small = torch.rand(SAMPLES, modality.shape[0], 4, 5, generator=rng)
        return low + (high - low) * interpolate(small, size=modality.shape[1:], mode="bilinear")
    if modality.kind == "vector":
        return torch.randn(SAMPLES, *modality.shape, generator=rng)
    if subject in FEATURES:
        return as_inputs(signals(modality, rng), REPRESENTATIONS[subject])
    shares = torch.tensor([1.0, 0.5, 0.75, 1.0, 0.9, 0.6])
    lengths = shares.mul(modality.shape[0]).long().clamp(min=1)
    steps = torch.arange(modality.shape[0]) < lengths[:, None]
    values = signals(modality, rng)
    values = (values * 0.2).clamp(-1, 1) if modality.kind == "audio" else values
    return Padded(torch.where(steps.reshape(*steps.shape, *[1] * (values.ndim - 2)), values, 0.0), lengths)


def signals(modality: Modality, rng: torch.Generator) -> Tensor:
    """Slow waves under a little noise, ``[B, T]`` or ``[B, T, D]``."""
    knots = torch.randn(SAMPLES, prod(modality.shape[1:]), 6, generator=rng)
    slow = interpolate(knots, size=modality.shape[0], mode="linear")
    values = slow + 0.1 * torch.randn(slow.shape, generator=rng)
    return values.movedim(1, -1).reshape(SAMPLES, *modality.shape)


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


@pytest.fixture(scope="module")
def perturb(folder: Path) -> Callable[..., Any]:
    """``perturb("fog", "image", severity, rows)``: some samples, under the noise that the engine gives them."""

    @cache
    def built(name: str, subject: str) -> Any:
        component = bind("perturbation", name, {"folder": str(folder)} if name == "background-noise" else {})
        return component.build(SUBJECTS[subject], levels=list(levels_of(name, subject)))

    def run(name: str, subject: str, severity: int, rows: Sequence[int] = range(SAMPLES)) -> Any:
        noise = KeyedNoise(0, name, subject, tuple(100 + row for row in rows))
        return built(name, subject)(rows_of(inputs_of(subject), rows), severity, noise)

    return run


def levels_of(name: str, subject: str) -> tuple[float, ...]:
    levels = CARDS[name].levels
    return tuple(levels.get(SUBJECTS[subject].kind, levels.get("*", ())))


def distance(clean: Any, dirty: Any) -> Any:
    if isinstance(clean, list):
        return sum(one != other for one, other in zip(clean, dirty, strict=True)) / len(clean)
    return (numbers(clean) - numbers(dirty)).abs().mean().item()


def test_every_kind_is_perturbed_by_something() -> None:
    assert {SUBJECTS[subject].kind for _, subject in CASES} == set(KINDS)
    assert {subject for _, subject in CASES} == set(SUBJECTS)
    assert len(CARDS) > 50


@every_case
@given(order=st.permutations(range(SAMPLES)), cut=st.integers(1, SAMPLES - 1), draw=st.integers(0, 99))
@settings(max_examples=4, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_sample_depends_on_itself_alone(
    name: str, subject: str, perturb: Any, order: list[int], cut: int, draw: int
) -> None:
    """Bit for bit, whatever the order, the size and the splitting of batches; a batch of one is among them."""
    severity = 1 + draw % len(levels_of(name, subject))
    together = perturb(name, subject, severity)
    for rows in (order[:cut], order[cut:], order[:1]):
        assert same(perturb(name, subject, severity, rows), rows_of(together, rows))


@pytest.mark.parametrize("name", [name for name, card in CARDS.items() if card.features])
@pytest.mark.parametrize("subject", FEATURES)
def test_representations_are_perturbed_or_refused(name: str, subject: str, perturb: Any) -> None:
    """What stands in `PerturbationCard.takes` works without a range and a scale; the rest is a user's mistake."""
    if (name, subject) in CASES:
        assert distance(inputs_of(subject), perturb(name, subject, len(levels_of(name, subject)))) > 0
    else:
        with pytest.raises(UsageError, match=rf"'{name}' of 'encoded': it takes .*, not {SUBJECTS[subject].kind}"):
            perturb(name, subject, 1)


def test_clean_is_the_identity() -> None:
    """A clean view, severity 0, never comes to a perturbation: it is what the data set gives."""
    component = bind("dataset", "two-moons", {})
    dataset, rows = build_dataset(component), torch.arange(5)
    names = tuple(each.name for each in dataset.modalities)
    spec = DatasetSpec("two-moons", component, dataset.fingerprint, names)
    for name in names:
        assert same(perturbed(dataset, ViewSpec(spec, name), rows), read(dataset, dataset.splits["test"], name, rows))
