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


def test_an_unknown_dataset_is_told(make_suite: Any, compute: Any) -> None:
    methods = [{**METHODS[1], "datasets": ["imgae"]}]
    with pytest.raises(UsageError, match=r"methods\[0\] \(image\): datasets: .*did you mean 'image'"):
        compute(suite_of(make_suite, methods=methods, baseline=None))


def test_the_baseline_is_on_every_dataset(make_suite: Any) -> None:
    with pytest.raises(UsageError, match="baseline: the method is left out on some datasets"):
        parse_suite(suite_of(make_suite, baseline="image"))
