"""End to end: every kind of modality, natural missingness, and dense prediction."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from brownout.results import Run

pytestmark = pytest.mark.usefixtures("testing_plugin")

KINDS = ["text", "image", "audio", "sequence", "vector"]
METHODS = [
    {"name": "mean", "fusion": "mean"},
    {"name": "statistical", "fusion": "statistical"},
    {"name": "jacobian", "fusion": "jacobian"},
    {"name": "concatenation", "fusion": "concatenation"},
    {"name": "tokens", "fusion": "tokens"},
    {"name": "early", "fusion": "early"},
]


@pytest.mark.parametrize("missing", [0.0, 0.4])
def test_every_kind_of_modality_end_to_end(
    missing: float, make_suite: Any, compute: Callable[..., Run], stored: Any
) -> None:
    suite = make_suite(
        KINDS,
        dataset={"missing": missing, "absent": "nan", "train": 90},
        methods=METHODS,
        training={"epochs": 30, "learning_rate": 0.02, "batch_size": 16},
        protocol={
            "missing": {
                "patterns": [["text"], ["image", "audio"], ["sequence", "vector"]],
                "rates": [0.5],
                "empty": "predict",
            },
            "corruptions": [
                {"each": "default", "severities": [1]},
                {"joint": [{"text": "word-masking", "audio": "gaussian-noise"}], "severities": [3], "share": 0.5},
            ],
        },
        metrics=["accuracy", "nll"],
    )
    run = compute(suite)
    assert not run.failures
    perturbed = {score.condition.group.rpartition("(")[2].rstrip(")") for score in run.scores}
    assert set(KINDS) <= perturbed
    accuracy = {(s.method, s.condition.name): s.value for s in run.scores if s.metric == "accuracy"}
    assert min(accuracy[method["name"], "clean"] for method in METHODS) > 0.8
    present = stored(run)["mean", 0, "clean"].present
    assert bool(present.all()) == (missing == 0)
    assert present.any(1).all()


def test_dense_prediction_end_to_end(make_suite: Any, compute: Callable[..., Run], stored: Any) -> None:
    suite = {
        **make_suite(),
        "dataset": "scenes",
        "encoders": {kind: {"use": "probe", "gives": "map"} for kind in ("image", "depth")},
        "methods": [
            {"name": "sum", "fusion": "dense-sum"},
            {"name": "late", "fusion": "faulty"},
            {"name": "mean", "fusion": "mean"},
            {"name": "jacobian", "fusion": "jacobian"},
            {"name": "stacked", "fusion": "stacked"},
        ],
        "training": {"epochs": 25, "learning_rate": 0.02, "batch_size": 8},
        "protocol": {"missing": {"patterns": "all"}, "corruptions": {"each": ["gaussian-noise"], "severities": [1]}},
    }
    run = compute(suite)
    assert not run.failures
    for method in ("sum", "late", "mean", "jacobian", "stacked"):
        cell = stored(run)[method, 0, "clean"]
        assert cell.logits.shape == (40, 2, 6, 6)
        assert cell.targets.shape == (40, 6, 6)
        counted = cell.targets != 255
        assert 0.8 < counted.mean() < 1
        by_hand = (cell.logits.argmax(1) == cell.targets)[counted].mean()
        (accuracy,) = [s.value for s in run.scores if s.method == method and s.condition.name == "clean"]
        np.testing.assert_allclose(accuracy, by_hand)
        assert by_hand > 0.8
