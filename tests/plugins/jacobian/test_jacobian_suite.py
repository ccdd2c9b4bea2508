"""Everything of this plugin in one run of the engine."""

from __future__ import annotations

from math import isnan

import pytest

import brownout
from brownout.engine.settings import Settings

SUITE = {
    "suite": "jacobian",
    "dataset": {"use": "digits-views", "views": ["picture", "frequency"]},
    "encoders": {"picture": {"use": "mlp", "hidden": [16]}, "frequency": {"use": "mlp", "hidden": [8]}},
    "methods": [
        {"name": "statistical", "fusion": "statistical"},
        {"name": "jacobian", "fusion": "jacobian", "options": {"gamma": 0.1, "diagnostics": True}},
        {
            "name": "picture",
            "fusion": "jacobian",
            "options": {"gamma": 0.5, "t_max": 2, "modalities": "picture", "solver": "sylvester", "diagnostics": True},
        },
    ],
    "training": {"epochs": 2},
    "protocol": {
        "missing": {"patterns": "all"},
        "corruptions": {
            "modalities": ["picture"],
            "each": [{"use": "bias-patch", "levels": [-1, 2], "size": 3, "unit": "pixels"}],
        },
    },
    "metrics": [
        "accuracy",
        "jacobian-bound",
        "changed-predictions",
        "jacobian-sensitivity",
    ],
    "published": ["jacobian-table-4"],
}


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """The run of the suite, computed once."""
    return brownout.run(SUITE, Settings(tmp_path_factory.mktemp("run") / "out", device="cpu", limit=100))


@pytest.fixture(scope="module")
def values(run):
    """Scores by method, condition and metric."""
    return {(each.method, each.condition.name, each.metric): each.value for each in run.scores}


def test_every_cell_is_finished_and_the_table_is_beside_it(run):
    assert run.failures == ()
    conditions = {each.condition.name for each in run.scores}
    assert conditions >= {"clean", "bias-patch(picture) s1", "bias-patch(picture) s2", "missing picture"}
    assert [table["name"] for table in run.facts["published"]] == ["jacobian-table-4"]


def test_sensitivity_keeps_the_bound_in_every_cell(values):
    for (method, condition, metric), value in values.items():
        if method == "statistical" and metric != "accuracy":
            assert isnan(value)
        elif metric == "jacobian-bound":
            assert value == pytest.approx(
                {"jacobian": (0.1 * 10 / 1.8) ** 0.5, "picture": (0.5 * 10 / 1) ** 0.5}[method]
            )
        elif metric == "jacobian-sensitivity" and (method, condition) != ("picture", "missing picture"):
            assert 0 < value <= values[method, condition, "jacobian-bound"]


def test_what_is_absent_has_no_sensitivity_and_changes_nothing(values):
    assert isnan(values["picture", "missing picture", "jacobian-sensitivity"])
    assert values["picture", "missing picture", "changed-predictions"] == 0
    assert any(value > 0 for (_, _, metric), value in values.items() if metric == "changed-predictions")
