"""Everything of this plugin in one run of the engine, and the paper's tables."""

from __future__ import annotations

from math import isnan
from pathlib import Path

import pytest

import brownout
from brownout.engine.settings import Settings
from brownout_dmrnet.plugin import VARIANTS, brownout_published
from brownout_registry import UsageError, resolve

DROPOUT = {"recipe": "modality-dropout", "options": {"patterns": "uniform"}}
SUITE = {
    "suite": "dmrnet",
    "dataset": {"use": "digits-views", "views": ["picture", "profiles", "frequency"]},
    "encoders": {name: {"use": "mlp", "hidden": [16]} for name in ("picture", "profiles", "frequency")},
    "methods": [
        {"name": "SF-MD", "fusion": "concatenation", "options": {"hidden": []}},
        {"name": "DMRNet", "fusion": "dmrnet", "options": {"diagnostics": True}},
        *({"name": variant, "fusion": "dmrnet", "variant": variant} for variant in VARIANTS),
    ],
    "training": {**DROPOUT, "epochs": 8, "learning_rate": 0.01, "patience": None, "select": "random-patterns"},
    "protocol": {"missing": {"patterns": "all"}},
    "metrics": ["accuracy", "acer", "channel-diversity"],
    "figures": ["dmrnet-variances"],
    "published": ["dmrnet-table-1"],
}
ROWS = {f"dmrnet-table-{number}": rows for number, rows in enumerate([64, 32, 24, 32, 8, 10, 5], 1)}


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """The run of the suite, computed once."""
    return brownout.run(SUITE, Settings(tmp_path_factory.mktemp("run") / "out", device="cpu"))


def test_every_cell_is_finished_and_learnt_something(run):
    assert run.failures == ()
    values = {(each.method, each.condition.name, each.metric): each.value for each in run.scores}
    assert len({condition for _, condition, _ in values}) == 7
    for method in ("SF-MD", "DMRNet", *VARIANTS):
        assert values[method, "clean", "accuracy"] > 0.6
        assert isnan(values[method, "clean", "acer"])
    assert isnan(values["DMRNet", "clean", "channel-diversity"])


def test_figure_and_table_are_beside_it(run):
    (figure,) = run.facts["figures"]
    assert figure["title"] == "Training variances of DMRNet"
    assert (Path(run.folder) / figure["file"]).stat().st_size > 10_000
    assert [table["name"] for table in run.facts["published"]] == ["dmrnet-table-1"]


def test_a_wrong_type_is_refused_before_anything_is_computed(tmp_path):
    bad = {**SUITE, "methods": [{"name": "bad", "fusion": "dmrnet", "options": {"hard": [1]}}]}
    with pytest.raises(UsageError, match="option 'hard' is"):
        brownout.run(bad, Settings(tmp_path / "out", device="cpu"))


@pytest.mark.parametrize("card", brownout_published(), ids=lambda card: card.name)
def test_tables(card):
    rows = resolve(card)()
    assert len(rows) == ROWS[card.name]
    assert {(row["paper"], row["table"]) for row in rows} == {("003", card.name[-1])}
    assert all(float(row["value"]) > 0 for row in rows)


def test_averages_of_table_1_follow_from_its_rows():
    rows = [row for row in resolve(brownout_published()[0])() if row["method"] == "DMRNet"]
    values = {row["condition"]: float(row["value"]) for row in rows}
    average = values.pop("Average")
    assert sum(values.values()) / 7 == pytest.approx(average, abs=0.04)
