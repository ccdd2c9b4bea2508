"""G8, one bad method costs its own cells only: every fault becomes a recorded failure, and the others go on."""

from __future__ import annotations

import json
import math
from collections import Counter
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from brownout.results import Run

pytestmark = pytest.mark.usefixtures("testing_plugin")

GOOD = [
    {"name": "mean", "fusion": "mean"},
    {"name": "tokens", "fusion": "tokens"},
    {"name": "early", "fusion": "early"},
]
PROTOCOL = {"missing": {"patterns": "all"}, "corruptions": {"each": ["shift"], "severities": [1, 2]}}
CONDITIONS = 1 + 2 + 4


def failures(run: Run) -> Mapping[str, int]:
    """Failed cells by method; nothing is lost."""
    assert run.facts["counts"]["finished"] + len(run.failures) == run.facts["counts"]["cells"]
    return Counter(each["method"] for each in run.failures)


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        ("raises", "RuntimeError: spoilt on purpose, in two lines"),
        ("nan", "ArithmeticError: the fusion gave NaN or infinite logits"),
        ("shape", "ValueError: the fusion gave logits of shape (40, 1), expected (40, 3)"),
        ("type", "AttributeError: 'str' object has no attribute 'shape'"),
    ],
)
def test_a_faulty_fusion_costs_its_own_cells(
    fault: str, reason: str, make_suite: Any, compute: Callable[..., Run], watch: Any
) -> None:
    bad = {"name": "bad", "fusion": "faulty", "options": {"fault": fault}}
    run = compute(make_suite(methods=[GOOD[0], bad, *GOOD[1:]], protocol=PROTOCOL))
    assert failures(run) == {"bad": CONDITIONS}
    assert {each["reason"] for each in run.failures} == {reason}


def test_a_fault_under_one_condition_costs_that_condition(make_suite: Any, compute: Callable[..., Run]) -> None:
    bad = {"name": "bad", "fusion": "faulty", "options": {"fault": "nan", "only": "image"}}
    run = compute(make_suite(methods=[bad, *GOOD], protocol=PROTOCOL))
    assert [(each["method"], each["condition"]) for each in run.failures] == [("bad", "missing image")]


@pytest.mark.parametrize("means", ["absent", "zero-input", "mean-representation"])
@pytest.mark.parametrize("fault", ["raises", "nan", "shape"])
@pytest.mark.parametrize("after", [0, 2], ids=["at once", "later"])
@pytest.mark.parametrize("place", ["encoder", "on a backbone", "backbone"])
def test_a_faulty_encoder_costs_the_methods_above_it(
    place: str, after: int, fault: str, means: str, make_suite: Any, compute: Callable[..., Run]
) -> None:
    """All encoders stand on one backbone, so that they share arrays and batches with the bad one."""
    good, spoilt = {"use": "probe", "width": 4}, {"use": "probe", "width": 4, "fault": fault, "after": after}
    if place == "backbone":
        spoilt["after"] = 12 + after  # the features of train and validation still go well
    uses = {
        "encoder": spoilt,
        "on a backbone": {**spoilt, "backbone": good},
        "backbone": {**good, "backbone": spoilt},
    }
    bad = [
        {"name": "bad mean", "fusion": "mean", "encoders": {"image": uses[place]}},
        {"name": "bad tokens", "fusion": "tokens", "encoders": {"image": uses[place]}},
    ]
    suite = make_suite(
        encoders={"vector": {"use": "probe"}, "image": {"use": "probe", "width": 3, "backbone": good}},
        methods=[bad[0], *GOOD[:2], bad[1]],
        protocol={**PROTOCOL, "missing": {"patterns": "all", "means": means}},
    )
    run = compute(suite, batch=10)
    found = failures(run)
    assert set(found) == {"bad mean", "bad tokens"}
    if after == 0 and place != "backbone":
        # with a stand-in for the image, nothing is left that does not need the bad encoder
        by_hand = CONDITIONS - (1 if means == "absent" else 0)
        assert found == {"bad mean": by_hand, "bad tokens": by_hand}


def test_failed_cells_are_tried_again_and_finished_ones_are_not(
    make_suite: Any, compute: Callable[..., Run], watch: Any
) -> None:
    bad = {"name": "bad", "fusion": "faulty", "options": {"fault": "raises"}}
    suite = make_suite(methods=[*GOOD, bad], protocol=PROTOCOL)
    compute(suite)
    again = watch()
    run = compute(suite, progress=again)
    assert again.found == len(GOOD) * CONDITIONS
    assert again.kinds == {"PredictWork": 1}
    assert failures(run) == {"bad": CONDITIONS}


def test_a_fit_whose_loss_is_nan_costs_its_method(make_suite: Any, compute: Callable[..., Run]) -> None:
    bad = {"name": "bad", "fusion": "tokens", "options": {"loss": "nan"}}
    run = compute(make_suite(methods=[bad, *GOOD], protocol=PROTOCOL, training={"epochs": 1}))
    assert failures(run) == {"bad": CONDITIONS}
    assert {each["reason"] for each in run.failures} == {"ArithmeticError: the training loss is nan in epoch 0"}


def test_a_failed_unimodal_fit_costs_what_stands_on_it(make_suite: Any, compute: Callable[..., Run]) -> None:
    bad = {"name": "bad", "fusion": "stacked", "encoders": {"image": {"use": "probe", "fault": "raises"}}}
    run = compute(make_suite(methods=[bad, *GOOD], protocol=PROTOCOL, training={"epochs": 1}))
    assert failures(run) == {"bad": CONDITIONS}


def test_a_perturbation_that_edits_its_input_costs_its_own_cells(make_suite: Any, compute: Callable[..., Run]) -> None:
    run = compute(make_suite(protocol={"corruptions": {"each": ["scribble", "shift"], "severities": [1, 2]}}))
    assert {each["condition"].partition("(")[0] for each in run.failures} == {"scribble"}
    why = "ValueError: scribble edited its input in place; a perturbation gives a new one"
    assert {each["reason"] for each in run.failures} == {why}
    clean = compute(make_suite(protocol={"corruptions": {"each": ["shift"], "severities": [1, 2]}}), out="without")
    assert set(clean.scores) <= set(run.scores)


def test_a_faulty_metric_costs_no_cell_and_is_told_once(
    make_suite: Any, compute: Callable[..., Run], watch: Any
) -> None:
    watcher = watch()
    run = compute(make_suite(metrics=["accuracy", "sour"]), progress=watcher)
    assert failures(run) == {}
    assert watcher.warnings == ("metric sour: ArithmeticError: sour",)
    by_metric = {score.metric: score.value for score in run.scores}
    assert math.isnan(by_metric["sour"])
    assert 0 <= by_metric["accuracy"] <= 1


def test_the_program_tells_and_its_exit_code_is_1(make_suite: Any, command: Any, tmp_path: Path) -> None:
    bad = {"name": "bad", "fusion": "faulty", "options": {"fault": "raises"}}
    (tmp_path / "suite.yaml").write_text(yaml.safe_dump(make_suite(methods=[*GOOD, bad])))
    process = command("run", "suite.yaml", "--out", "run")
    printed, told = process.communicate(timeout=120)
    assert process.returncode == 1
    assert "RuntimeError: spoilt on purpose, in two lines" in " ".join(printed.split())
    assert "Traceback" not in printed + told


@pytest.mark.slow
def test_a_worker_that_dies_is_told_and_finished_cells_stay(make_suite: Any, command: Any, tmp_path: Path) -> None:
    bad = {"name": "bad", "fusion": "faulty", "options": {"fault": "dies"}}
    (tmp_path / "suite.yaml").write_text(yaml.safe_dump(make_suite(methods=[*GOOD, bad])))
    process = command("run", "suite.yaml", "--out", "run", "--executor", "process", "--workers", "1")
    _, told = process.communicate(timeout=120)
    assert process.returncode == 4
    assert "a worker process died (killed, out of memory, or crashed by a component) during one of: predict bad" in told
    assert "Traceback" not in told
    lines = [json.loads(line) for line in (tmp_path / "run" / "cells.jsonl").read_text().splitlines()]
    assert {line["method"] for line in lines} == {"mean", "tokens", "early"}
    assert json.loads((tmp_path / "run" / "run.json").read_text())["state"] == "interrupted"


def test_a_lifecycle_hook_that_raises_costs_nothing(
    make_suite: Any, compute: Callable[..., Run], watch: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BROWNOUT_TESTING_RAISE", "1")
    seen = watch()
    run = compute(make_suite(), progress=seen)
    assert run.facts["counts"] == {"cells": 1, "finished": 1, "failed": 0}
    assert len(seen.warnings) == 3
    assert "plugin 'testing': brownout_cell_finished raised RuntimeError" in seen.warnings[1]


def test_lifecycle_hooks_see_every_cell(make_suite: Any, compute: Callable[..., Run]) -> None:
    run = compute(make_suite(methods=GOOD, protocol=PROTOCOL))
    events = [json.loads(line) for line in (run.folder / "events.jsonl").read_text().splitlines()]
    assert events[0] == {"event": "started", "cells": len(GOOD) * CONDITIONS, "finished": 0}
    assert [event["cell"] for event in events[1:-1]] == run.facts["cells"]
    assert events[-1] == {"event": "finished", "counts": run.facts["counts"]}
