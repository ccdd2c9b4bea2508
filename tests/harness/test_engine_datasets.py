"""Suites of several datasets, with methods on some of them."""

from __future__ import annotations

from typing import Any

import pytest

from brownout.report.table import full_table
from brownout.suite import parse_suite
from brownout_registry import UsageError

pytestmark = pytest.mark.usefixtures("testing_plugin")
DATA = [{"use": "synthetic", "modalities": ["vector", kind], "name": kind} for kind in ("image", "text")]
METHODS = [
    {"name": "mean", "fusion": "mean"},
    {"name": "image", "fusion": "unimodal", "options": {"modality": "image"}, "datasets": ["image"]},
]


def suite_of(make_suite: Any, **keys: Any) -> Any:
    content = {**make_suite(methods=METHODS, baseline="mean"), "dataset": DATA, **keys}
    return {**content, "encoders": dict.fromkeys(("vector", "image", "text"), "probe")}


def test_a_method_is_fitted_and_shown_on_its_datasets_alone(make_suite: Any, compute: Any) -> None:
    run = compute(suite_of(make_suite))
    assert not run.failures
    assert {(each.method, each.dataset) for each in run.scores} == {
        ("mean", "image"),
        ("mean", "text"),
        ("image", "image"),
    }
    shown = {name: [row.method for row in full_table(run, name, "accuracy").rows] for name in ("image", "text")}
    assert shown == {"image": ["mean", "image"], "text": ["mean"]}


def test_perturbations_by_kind_reach_the_datasets_that_have_it(make_suite: Any, compute: Any) -> None:
    joint = [{"vector": "shift", "text": "lose-words"}]
    parts = [{"each": ["lose-words"], "severities": [1]}, {"joint": joint, "severities": [1]}]
    run = compute(suite_of(make_suite, protocol={"corruptions": parts}))
    names = {data: [each["name"] for each in found] for data, found in run.facts["conditions"].items()}
    assert names["text"] == ["clean", "lose-words(text) s1", "shift(vector) + lose-words(text) s1"]
    assert names["image"] == ["clean", "shift(vector) s1"]
    with pytest.raises(UsageError, match="'lose-words' takes none"):
        compute(suite_of(make_suite, dataset=DATA[:1], protocol={"corruptions": parts[0]}))


def test_an_unknown_dataset_is_told(make_suite: Any, compute: Any) -> None:
    methods = [{**METHODS[1], "datasets": ["imgae"]}]
    with pytest.raises(UsageError, match=r"methods\[0\] \(image\): datasets: .*did you mean 'image'"):
        compute(suite_of(make_suite, methods=methods, baseline=None))


def test_the_baseline_is_on_every_dataset(make_suite: Any) -> None:
    with pytest.raises(UsageError, match="baseline: the method is left out on some datasets"):
        parse_suite(suite_of(make_suite, baseline="image"))
