"""Every perturbation of time series and tables in one run of the engine, on inputs and on features."""

from __future__ import annotations

from pathlib import Path

import brownout
from brownout.engine.settings import Settings
from brownout_features import plugin

NAMES = [card.name for card in plugin.brownout_perturbations() if "vector" in card.takes]


def test_tables_and_their_features(tmp_path: Path) -> None:
    parts = [{"each": NAMES, "severities": [5], "at": at} for at in ("input", "features")]
    parts.append({"each": [{"use": "missing-entries", "variant": "random-drop", "name": "random-drop"}]})
    suite = {
        "suite": "series",
        "dataset": {"use": "two-moons"},
        "encoders": {"vector": {"use": "mlp", "hidden": [8]}},
        "methods": [{"name": "mean", "fusion": "mean"}],
        "training": {"epochs": 1},
        "protocol": {"corruptions": parts},
        "metrics": ["accuracy"],
    }
    run = brownout.run(suite, Settings(tmp_path / "out", device="cpu", limit=30))
    assert run.failures == ()
    names = {score.condition.name for score in run.scores}
    for name in NAMES:
        assert f"{name}(x) s5" in names
        assert f"{name}(x features) s5" in names
    assert "random-drop(y) s3" in names
