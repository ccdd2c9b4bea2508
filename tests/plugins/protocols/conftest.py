"""What the tests of named protocols share: their conditions on real and on made-up data."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pytest

from brownout.engine.components import bind
from brownout.engine.data import build_dataset
from brownout.engine.specs import Condition, DatasetSpec
from brownout.suite import parse_suite
from brownout.suite.conditions import conditions_of
from brownout_registry import Modality

KINDS: Mapping[str, Modality] = {
    "image": Modality("picture", "image", (3, 8, 8), (0.0, 1.0)),
    "depth": Modality("distance", "depth", (1, 8, 8), (0.0, 1.0)),
    "spectrogram": Modality("spectrum", "spectrogram", (1, 16, 16), (0.0, 1.0)),
    "audio": Modality("sound", "audio", (4000,), (-1.0, 1.0), 8000),
    "text": Modality("words", "text", ()),
    "vector": Modality("features", "vector", (16,), scale=(1.0,) * 16),
    "sequence": Modality("movement", "sequence", (16, 3), sample_rate=50, scale=(1.0,) * 3),
}
Conditions = Callable[..., list[Condition]]


@pytest.fixture(scope="session")
def made_up() -> Mapping[str, Modality]:
    """The smallest modality of each kind."""
    return KINDS


@pytest.fixture(scope="session")
def protocol_of() -> Callable[[Any], Any]:
    """``protocol_of("missing-all")``: what a suite that uses it has."""

    def parse(protocol: Any) -> Any:
        method = {"name": "mean", "fusion": "mean"}
        return parse_suite({"suite": "s", "dataset": "d", "methods": [method], "protocol": protocol}).protocol

    return parse


@pytest.fixture(scope="session")
def conditions(protocol_of: Any) -> Conditions:
    """``conditions("missing-all", "image", "text")``: on made-up modalities of these kinds."""

    def expand(protocol: Any, *kinds: str) -> list[Condition]:
        modalities = tuple(KINDS[kind] for kind in kinds)
        component = bind("dataset", "two-moons", {})
        spec = DatasetSpec("made up", component, "", tuple(each.name for each in modalities))
        return conditions_of(protocol_of(protocol), spec, modalities)

    return expand


@pytest.fixture(scope="session")
def on_data(protocol_of: Any) -> Conditions:
    """``on_data("missing-all", "htad")``: on a real dataset, or a skip with the reason."""
    built: dict[str, Any] = {}

    def expand(protocol: Any, name: str) -> list[Condition]:
        component = bind("dataset", name, {})
        if name not in built:
            built[name] = build_dataset(component)
        spec = DatasetSpec(name, component, "", tuple(each.name for each in built[name].modalities))
        return conditions_of(protocol_of(protocol), spec, built[name].modalities)

    return expand
