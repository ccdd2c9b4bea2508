"""All corruptions in one run of the engine, on pictures of 8×8 pixels and one channel."""

from __future__ import annotations

import pytest

import brownout
from brownout.engine.settings import Settings
from brownout_registry import UsageError
from brownout_vision.plugin import brownout_perturbations

NAMES = [card.name for card in brownout_perturbations() if card.name != "saturate"]


def suite(names: list[str]) -> dict[str, object]:
    return {
        "suite": "corruptions",
        "dataset": {"use": "digits-views", "views": ["picture", "frequency"]},
        "encoders": {"picture": {"use": "mlp", "hidden": [16]}, "frequency": {"use": "mlp", "hidden": [8]}},
        "methods": [{"name": "mean", "fusion": "mean"}],
        "training": {"epochs": 2},
        "protocol": {"corruptions": {"modalities": ["picture"], "each": names, "severities": [1, 5]}},
        "metrics": ["accuracy"],
    }


def test_every_corruption_of_small_grey_pictures(tmp_path):
    run = brownout.run(suite(NAMES), Settings(tmp_path / "out", device="cpu", limit=60))
    assert run.failures == ()
    names = {score.condition.name for score in run.scores}
    assert {f"{name}(picture) s{severity}" for name in NAMES for severity in (1, 5)} <= names


def test_saturation_of_grey_pictures_is_refused(tmp_path):
    with pytest.raises(UsageError, match="it has 1 channel, expected 3"):
        brownout.run(suite(["saturate"]), Settings(tmp_path / "out", device="cpu", limit=20))
