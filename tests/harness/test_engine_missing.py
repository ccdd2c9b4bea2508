"""G4, "missing" is explicit: what is absent reaches no prediction, and each meaning is what it says."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from brownout.engine.preflight import prepare
from brownout.engine.settings import Settings
from brownout.engine.shelf import Shelf
from brownout.engine.store import Store
from brownout.results import Run
from brownout.suite import parse_suite
from brownout_registry import UsageError

pytestmark = pytest.mark.usefixtures("testing_plugin")

METHODS = [
    {"name": "mean", "fusion": "mean"},
    {"name": "statistical", "fusion": "statistical"},
    {"name": "jacobian", "fusion": "jacobian"},
    {"name": "stacked", "fusion": "stacked"},
    {"name": "concatenation", "fusion": "concatenation"},
    {"name": "tokens", "fusion": "tokens"},
    {"name": "early", "fusion": "early"},
]
MEANINGS = ["absent", "token", "zero-input", "zero-representation", "mean-representation"]


@pytest.mark.parametrize("means", MEANINGS)
@pytest.mark.parametrize("content", ["noise", "nan"])
def test_absent_content_reaches_neither_training_nor_prediction(
    content: str, means: str, make_suite: Any, compute: Callable[..., Run], stored: Any
) -> None:
    def run(absent: str) -> Run:
        suite = make_suite(
            ["vector", "image", "audio", "text"],
            dataset={"missing": 0.4, "absent": absent},
            methods=[METHODS[5]] if means == "token" else METHODS,
            training={"epochs": 1},
            protocol={
                "missing": {
                    "patterns": [["vector", "image"], ["text", "audio"]],
                    "rates": [0.5],
                    "means": means,
                    "empty": "predict",
                },
                "corruptions": {"each": ["gaussian-noise"], "severities": [5], "modalities": ["vector", "audio"]},
            },
        )
        return compute(suite, out=absent, cache=f"{absent}-cache")

    kept, spoilt = run("kept"), run(content)
    assert {each["method"] for each in kept.failures} <= {"early"}  # which has no representations to replace
    expected, found = stored(kept), stored(spoilt)
    assert found.keys() == expected.keys()
    for key, each in expected.items():
        assert not bool(each.present.all())
        np.testing.assert_array_equal(found[key].logits, each.logits, err_msg=str(key))


def test_a_missing_modality_is_not_even_encoded(make_suite: Any, compute: Callable[..., Run], seen: Any) -> None:
    protocol = {"clean": False, "missing": {"patterns": [["vector"]]}}
    methods = [each for each in METHODS if each["name"] not in ("stacked", "early")]
    compute(make_suite(methods=methods, protocol=protocol))
    assert set(seen.counts()) == {"vector"}


@pytest.mark.parametrize("means", MEANINGS)
def test_each_meaning_is_what_it_says(
    means: str, make_suite: Any, compute: Callable[..., Run], stored: Any, tmp_path: Path
) -> None:
    """What the fusion made of the missing image, against the same computed by hand."""
    suite = make_suite(
        dataset={"missing": 0.3},
        methods=[METHODS[5]],
        training={"epochs": 2},
        protocol={"missing": {"patterns": [["vector"]], "means": means, "empty": "predict"}},
    )
    predictions = stored(compute(suite))
    settings = Settings(tmp_path / "run", tmp_path / "cache", device="cpu")
    plan = prepare(parse_suite(suite), settings, remember=False).plan
    own = plan.cells[0].method.own
    assert own is not None
    model = Shelf(Store(tmp_path / "cache"), "cpu", 64).fitted(own)
    fusion: Any = model.fusion
    train = plan.datasets["synthetic"].splits["train"]
    there = train.present[:, 1].nonzero().squeeze(1)
    with torch.inference_mode():
        image = {
            "absent": fusion.tokens["image"],
            "token": fusion.tokens["image"],
            "zero-input": model.encoders["image"](torch.zeros(1, 1, 6, 6))[0],
            "zero-representation": torch.zeros(5),
            "mean-representation": model.encoders["image"](train.read("image", there)).mean(0),
        }[means]
        expected = fusion.maps["image"](image).expand(40, 3).numpy()
    missing, clean = predictions["tokens", 0, "missing image"], predictions["tokens", 0, "clean"]
    np.testing.assert_allclose(missing.unimodal["image"], expected, atol=1e-6)
    np.testing.assert_array_equal(missing.unimodal["vector"], clean.unimodal["vector"])
    by_nature = ~clean.present[:, 1]
    np.testing.assert_allclose(clean.unimodal["image"][by_nature], expected[by_nature], atol=1e-6)
    assert np.abs(clean.unimodal["image"][~by_nature] - expected[~by_nature]).max() > 1e-3
    assert not missing.present[:, 1].any()


def test_a_zero_representation_at_the_decision_level_is_the_heads_bias(
    make_suite: Any, compute: Callable[..., Run], stored: Any
) -> None:
    suite = make_suite(
        methods=[{"name": "mean", "fusion": "faulty"}, {"name": "image", "fusion": "unimodal", "options": {}}],
        protocol={"missing": {"patterns": [["vector"]], "means": "zero-representation"}},
    )
    suite["methods"][1]["options"] = {"modality": "image"}
    logits = stored(compute(suite))["image", 0, "missing image"].logits
    assert np.ptp(logits, axis=0).max() == 0
    assert np.abs(logits).max() > 0


def test_a_token_is_refused_for_fusions_that_have_none(make_suite: Any, compute: Callable[..., Run]) -> None:
    suite = make_suite(methods=[METHODS[5], METHODS[0]], protocol={"missing": {"means": "token"}})
    with pytest.raises(UsageError, match=r"methods\[1\] \(mean\).*no token of its own"):
        compute(suite)


def test_an_input_level_fusion_says_what_it_cannot_have_replaced(make_suite: Any, compute: Callable[..., Run]) -> None:
    suite = make_suite(methods=[METHODS[6]], protocol={"missing": {"patterns": "all", "means": "mean-representation"}})
    run = compute(suite)
    assert [each["condition"] for each in run.failures] == ["missing image", "missing vector"]
    assert "no representation to replace" in run.failures[0]["reason"]
