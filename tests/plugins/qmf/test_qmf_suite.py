"""Everything of this plugin in one run of the engine."""

from __future__ import annotations

from math import isfinite, isnan

import pytest

import brownout
from brownout.engine.settings import Settings

VARIANTS = ["released-text-image", "released-rgbd", "late-fusion", "late-fusion-released"]
SUITE = {
    "suite": "qmf",
    "dataset": {"use": "digits-views", "views": ["picture", "frequency"]},
    "encoders": {"picture": {"use": "mlp", "hidden": [16]}, "frequency": {"use": "mlp", "hidden": [8]}},
    "methods": [
        {"name": "qmf", "fusion": "qmf"},
        *[{"name": variant, "fusion": "qmf", "variant": variant} for variant in VARIANTS],
        {"name": "evidence", "fusion": "qmf", "options": {"uncertainty": "evidence", "alpha": -2, "hidden": [8]}},
    ],
    "training": {"epochs": 2, "learning_rate": 0.01},
    "protocol": {
        "missing": {"patterns": "all", "rates": [0.5]},
        "corruptions": {
            "modalities": ["picture"],
            "share": 0.5,
            "each": [{"use": "qmf-gaussian", "scale": "10-eps"}, "qmf-salt-and-pepper"],
        },
    },
    "metrics": [
        "accuracy",
        "weight-loss-correlation",
        {"use": "weight-loss-correlation", "modality": "picture"},
        "term-l",
        {"use": "term-cov", "covariance": "sample"},
    ],
    "published": [f"qmf-table-{number}" for number in range(1, 7)],
}


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """The run of the suite, computed once."""
    return brownout.run(SUITE, Settings(tmp_path_factory.mktemp("run") / "out", device="cpu", limit=200))


@pytest.fixture(scope="module")
def values(run):
    """Scores by method, condition and metric."""
    return {(each.method, each.condition.name, each.metric): each.value for each in run.scores}


def test_every_cell_is_finished_and_the_tables_are_beside_them(run):
    assert run.failures == ()
    noise = [f"qmf-{name}(picture) on 0.5 of samples s{s}" for name in ("gaussian", "salt-and-pepper") for s in (1, 2)]
    missing = ["missing picture", "missing frequency", "missing at random 0.5"]
    assert {each.condition.name for each in run.scores} == {"clean", *missing, *noise}
    assert {each.method for each in run.scores} == {"qmf", *VARIANTS, "evidence"}
    assert [table["name"] for table in run.facts["published"]] == SUITE["published"]


def test_methods_learn_and_suffer_from_noise(values):
    methods = {method for method, _, _ in values}
    clean = {method: values[method, "clean", "accuracy"] for method in methods}
    noisy = {method: values[method, "qmf-gaussian(picture) on 0.5 of samples s2", "accuracy"] for method in methods}
    assert all(value > 0.5 for value in clean.values()), clean
    assert sum(noisy.values()) < sum(clean.values())


def test_only_dynamic_weights_have_a_correlation(values):
    for method in {method for method, _, _ in values}:
        r, cov = (values[method, "clean", name] for name in ("weight-loss-correlation", "term-cov covariance=sample"))
        assert isfinite(values[method, "clean", "term-l"])
        assert isnan(r) if method == "late-fusion" else -1 <= r < 0
        assert cov == pytest.approx(0, abs=1e-9) if method == "late-fusion" else cov < 0
    of_picture = "weight-loss-correlation modality=picture"
    assert isnan(values["qmf", "missing picture", of_picture])
    assert values["qmf", "missing frequency", of_picture] == values["qmf", "clean", of_picture]
