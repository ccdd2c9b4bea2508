"""G1, exactly once: what encoders compute is samples × distinct views, whatever the number of conditions."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from brownout.results import Run

pytestmark = pytest.mark.usefixtures("testing_plugin")

TRAIN, VALIDATION, SAMPLES = 48, 24, 40
METHODS = [
    {"name": "mean", "fusion": "mean"},
    {"name": "confidence", "fusion": "confidence-mean"},
    {"name": "vector only", "fusion": "unimodal", "options": {"modality": "vector"}},
    {"name": "tokens", "fusion": "tokens"},
]
ENCODERS = 2  # of a modality: the unimodal one that all late fusions share, and that of `tokens`
SEEDS = [0, 1]


def protocol(patterns: Any = "all", means: str = "absent") -> dict[str, Any]:
    """Everything the grammar has. Views: clean, shift s1 and s3 of vector and image, noise s2 of image."""
    return {
        "missing": {"patterns": patterns, "rates": [0.3, {"vector": 0.6}], "means": means},
        "corruptions": [
            {"each": ["shift"], "severities": [1, 3]},
            {"each": ["shift"], "severities": [1, 3], "patterns": "all", "modalities": ["vector"], "share": 0.5},
            {"joint": [{"vector": "shift", "image": {"use": "gaussian-noise"}}], "severities": [1, 3]},
            {"joint": [{"vector": "shift", "image": "shift"}], "severities": [3], "patterns": "all"},
            {"each": [{"use": "shift", "name": "late"}], "severities": [1, 2], "at": "features"},
        ],
    }


def figures(run: Run) -> tuple[int, int]:
    return run.facts["encoder_rows"]["computed"], run.facts["encoder_rows"]["minimal"]


@pytest.mark.parametrize("kinds", [["vector", "image"], ["vector", "image", "text"]], ids=len)
def test_encoder_rows_are_samples_times_distinct_views(
    kinds: list[str], make_suite: Any, compute: Callable[..., Run], seen: Any
) -> None:
    suite = make_suite(kinds, methods=METHODS, training={"epochs": 0, "seeds": SEEDS}, protocol=protocol())
    run = compute(suite, batch=16)
    views = {"vector": 3, "image": 5, "text": 1}  # clean, shift 1 and 3; noise 1 and 3 of the image besides
    by_hand = {kind: SAMPLES * views[kind] * ENCODERS * len(SEEDS) for kind in kinds}
    assert dict(seen.counts()) == by_hand
    assert figures(run) == (sum(by_hand.values()), sum(by_hand.values()))
    assert run.facts["counts"]["finished"] == run.facts["counts"]["cells"] > len(METHODS) * len(SEEDS) * 20


def test_more_missing_patterns_cost_no_rows(make_suite: Any, compute: Callable[..., Run], seen: Any) -> None:
    few = make_suite(["vector", "image", "text"], methods=METHODS, protocol=protocol([["vector"]]))
    many = make_suite(["vector", "image", "text"], methods=METHODS, protocol=protocol("all"))
    first = compute(few)
    before = len(seen.rows())
    second = compute(many, out="other")
    assert second.facts["counts"]["cells"] > first.facts["counts"]["cells"]
    assert figures(second) == (0, 0)
    assert len(seen.rows()) == before


def test_one_more_late_fusion_costs_no_rows(make_suite: Any, compute: Callable[..., Run], seen: Any) -> None:
    compute(make_suite(methods=METHODS[:1]))
    before = len(seen.rows())
    both = compute(make_suite(methods=METHODS[:2]))
    assert len(seen.rows()) == before
    assert both.facts["sessions"][-1]["cells_missing_before"] == 1


@pytest.mark.parametrize(("means", "rows"), [("zero-input", 1), ("mean-representation", TRAIN)])
def test_stand_ins_are_counted(means: str, rows: int, make_suite: Any, compute: Callable[..., Run], seen: Any) -> None:
    suite = make_suite(methods=METHODS, protocol={"missing": {"patterns": "all", "means": means}})
    run = compute(suite, batch=10)
    by_hand = 2 * ENCODERS * (SAMPLES + rows)
    assert len(seen.rows()) == by_hand
    assert figures(run) == (by_hand, by_hand)


@pytest.mark.parametrize("means", ["absent", "zero-input", "mean-representation"])
def test_a_backbone_is_shared_by_methods_and_seeds(
    means: str, make_suite: Any, compute: Callable[..., Run], seen: Any
) -> None:
    below = {"use": "probe", "width": 9, "label": "below"}
    suite = make_suite(
        methods=METHODS,
        encoders={kind: {"use": "probe", "backbone": below} for kind in ("vector", "image")},
        training={"epochs": 0, "seeds": SEEDS},
        protocol={"missing": {"patterns": "all", "means": means}, "corruptions": {"each": ["shift"]}},
    )
    run = compute(suite, batch=16)
    zero_inputs = 2 if means == "zero-input" else 0
    views = 2 * (1 + 3)
    assert seen.counts()["below"] == 2 * (TRAIN + VALIDATION) + views * SAMPLES + zero_inputs
    assert run.facts["encoder_rows"]["backbone_computed"] == seen.counts()["below"]
    assert run.facts["encoder_rows"]["backbone_minimal"] == seen.counts()["below"]
    assert figures(run)[0] == figures(run)[1] == len(seen.rows()) - seen.counts()["below"]


def test_stored_backbone_features_serve_other_encoders(make_suite: Any, compute: Callable[..., Run], seen: Any) -> None:
    below = {"use": "probe", "width": 9, "label": "below"}

    def suite(width: int) -> Any:
        encoders = {kind: {"use": "probe", "width": width, "backbone": below} for kind in ("vector", "image")}
        return make_suite(encoders=encoders, protocol={"corruptions": {"each": ["shift"]}})

    compute(suite(3))
    seen.clear()
    run = compute(suite(4), out="other")
    assert seen.counts()["below"] == 0
    assert run.facts["encoder_rows"]["backbone_computed"] == run.facts["encoder_rows"]["backbone_minimal"] == 0
    assert figures(run) == (2 * 4 * SAMPLES, 2 * 4 * SAMPLES)


def test_a_backbone_alone_needs_no_encoder_rows(make_suite: Any, compute: Callable[..., Run], seen: Any) -> None:
    encoders = {kind: {"backbone": {"use": "probe"}} for kind in ("vector", "image")}
    suite = make_suite(encoders=encoders, methods=METHODS, protocol={"corruptions": {"each": ["shift"]}})
    run = compute(suite)
    assert figures(run) == (0, 0)
    assert len(seen.rows()) == run.facts["encoder_rows"]["backbone_computed"]
    assert len(seen.rows()) == 2 * (TRAIN + VALIDATION + 4 * SAMPLES) == run.facts["encoder_rows"]["backbone_minimal"]
