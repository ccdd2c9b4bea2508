"""Tables against numbers worked out by hand."""

from __future__ import annotations

import io
import math

import pytest
from rich.console import Console

from brownout.report import render_markdown, render_terminal, write_html
from brownout.report.cells import Value
from brownout.report.table import condensed_table, full_table
from brownout.report.units import PERCENT, PLAIN
from brownout.report.words import failure_lines

MEAN = [(0.8, 0.9), (0.5, 0.7), (0.7, 0.8), (0.6, 0.6), (0.6, 0.8), (0.2, 0.4)]
OTHER = [(0.9, 0.9), (0.4, 0.4), (0.7, 0.7), (0.7, 0.7), (0.5, 0.5), (0.5, 0.5)]


def test_full_table_has_one_column_for_each_condition(make_run):
    table = full_table(make_run({"mean": MEAN}), "pairs", "accuracy")
    assert [column.heading for column in table.columns] == ["clean", "only image", "0.3", "0.5", "1", "2"]
    assert list(table.groups())[-1] == ("blur(image)", (4, 5))
    assert [value.mean for value in table.rows[0].values] == pytest.approx([0.85, 0.6, 0.75, 0.6, 0.7, 0.3])
    assert table.rows[0].values[0].std == pytest.approx(0.1 / math.sqrt(2))


def test_condensed_table_averages_an_axis_within_each_seed_first(make_run):
    table = condensed_table(make_run({"mean": MEAN}), "pairs", "accuracy")
    assert [column.heading for column in table.columns] == ["clean", "only image", "missing", "blur(image)"]
    assert [column.group for column in table.columns] == ["clean", "missing pattern", "missing rate", "corruption"]
    blur = table.rows[0].values[3]
    assert blur.by_seed == pytest.approx({0: 0.4, 1: 0.6})
    assert (blur.mean, blur.std) == pytest.approx((0.5, 0.2 / math.sqrt(2)))


@pytest.mark.parametrize(("higher", "best"), [(True, [{1}, {0}, {0}, {0, 1}]), (False, [{0}, {1}, {1}, {0, 1}])])
def test_best_follows_the_direction_and_shares_ties(make_run, higher, best):
    run = make_run({"mean": MEAN[:2] + [(0.8, 0.8)] * 2 + OTHER[4:], "other": OTHER}, higher_is_better=higher)
    assert [set(rows) for rows in condensed_table(run, "pairs", "accuracy").best] == best


def test_an_oracle_is_marked_and_never_best(make_run):
    table = condensed_table(
        make_run({"mean": MEAN, "jacobian": [(1.0, 1.0)] * 6}, oracle="jacobian"), "pairs", "accuracy"
    )
    assert table.rows[1].label == "jacobian †"
    assert all(rows == {0} for rows in table.best)


def test_a_variant_is_part_of_the_label(make_run):
    run = make_run({"qmf": MEAN})
    run.facts["methods"][0]["variant"] = "released"
    assert full_table(run, "pairs", "accuracy").rows[0].label == "qmf [released]"


def test_a_failed_cell_costs_its_seed_and_is_marked(make_run):
    failed = [*MEAN[:5], (None, 0.4)]
    table = condensed_table(make_run({"mean": failed, "other": OTHER}), "pairs", "accuracy")
    blur = table.rows[0].values[3]
    assert blur.by_seed == pytest.approx({1: 0.6})
    assert (blur.mark, blur.reasons) == ("failed", ("seed 0: RuntimeError: boom",))
    assert table.best[3] == {1}, "0.6 over one seed is not compared with 0.5 over two"


def test_without_any_seed_there_is_no_number(make_run):
    value = full_table(make_run({"mean": [(None, None), *MEAN[1:]]}), "pairs", "accuracy").rows[0].values[0]
    assert (value.mean, value.std, value.n, value.mark) == (None, None, 0, "failed")


def test_nan_is_undefined_and_does_not_spread(make_run):
    run = make_run({"mean": [(math.nan, 0.9), *MEAN[1:]], "other": OTHER})
    value = full_table(run, "pairs", "accuracy").rows[0].values[0]
    assert (value.mean, value.mark) == (0.9, "undefined")


def test_a_cell_that_did_not_run_is_not_called_failed(make_run):
    run = make_run({"mean": MEAN})
    open_run = type(run)(run.folder, run.facts, run.scores[2:], ())
    value = full_table(open_run, "pairs", "accuracy").rows[0].values[0]
    assert (value.mean, value.mark) == (None, "–")


def test_a_failure_without_condition_covers_all(make_run):
    run = make_run({"mean": MEAN})
    failure = {"method": "mean", "dataset": "pairs", "seed": 0, "condition": None, "reason": "training diverged"}
    failed = type(run)(run.folder, run.facts, tuple(s for s in run.scores if s.seed), (failure,))
    assert {value.mark for value in full_table(failed, "pairs", "accuracy").rows[0].values} == {"failed"}


def test_summaries_see_the_scores_of_one_seed(make_run, summary):
    run = make_run({"mean": MEAN}, summaries=[summary("test_summaries_of_report:worst")])
    value = condensed_table(run, "pairs", "accuracy").rows[0].values[-1]
    assert value.by_seed == {0: 0.2, 1: 0.4}


def test_a_summary_is_not_computed_over_fewer_conditions(make_run, summary):
    failed = [*MEAN[:5], (None, 0.4)]
    run = make_run({"mean": failed}, summaries=[summary("test_summaries_of_report:worst")])
    value = condensed_table(run, "pairs", "accuracy").rows[0].values[-1]
    assert (value.by_seed, value.mark) == ({1: 0.4}, "failed")


@pytest.mark.parametrize("target", ["test_summaries_of_report:broken", "no_such_module:worst"])
def test_a_broken_summary_costs_its_own_column(make_run, summary, target):
    table = condensed_table(make_run({"mean": MEAN}, summaries=[summary(target)]), "pairs", "accuracy")
    assert [value.mark for value in table.rows[0].values] == ["", "", "", "", "failed"]


def test_why_a_summary_failed_is_said_once_as_failed_cells_are(make_run, summary, tmp_path):
    run = make_run({"mean": MEAN, "other": OTHER}, summaries=[summary("test_summaries_of_report:broken")])
    why = "summary the worst: ZeroDivisionError: division by zero"
    assert list(failure_lines(run)) == [why]
    stream = io.StringIO()
    render_terminal(run, Console(file=stream, width=120, color_system=None))
    assert stream.getvalue().count(f"! {why}") == 1
    assert f"- {why}" in render_markdown(run)
    write_html(run, tmp_path / "report.html")
    assert f"<li>{why}</li>" in (tmp_path / "report.html").read_text()


def test_a_failed_cell_is_no_failure_of_the_summary(make_run, summary):
    run = make_run({"mean": [*MEAN[:5], (None, 0.4)]}, summaries=[summary("test_summaries_of_report:worst")])
    assert [line.partition(":")[0] for line in failure_lines(run)] == ["mean on pairs, seed 0, blur(image) s2"]


def test_a_share_has_its_own_unit_and_no_best(make_run, summary):
    facts = summary("test_summaries_of_report:worst", unit="share")
    table = condensed_table(make_run({"mean": MEAN}, summaries=[facts]), "pairs", "accuracy")
    assert (table.columns[-1].heading, table.best[-1]) == ("the worst (%)", frozenset())


@pytest.fixture(autouse=True)
def summaries(monkeypatch):
    import sys
    import types

    module = types.ModuleType("test_summaries_of_report")
    module.worst = lambda scores, higher_is_better: min(score.value for score in scores)
    module.broken = lambda scores, higher_is_better: 1 / 0
    monkeypatch.setitem(sys.modules, module.__name__, module)


@pytest.mark.parametrize(
    ("unit", "value", "number", "signed"),
    [
        (PERCENT, 0.8425, "84.2", "+84.2"),
        (PERCENT, -0.0001, "0.0", "0.0"),
        (PLAIN, -1.25, "−1.250", "−1.250"),
        (PLAIN, math.inf, "∞", "+∞"),
        (PLAIN, -math.inf, "−∞", "−∞"),
    ],
)
def test_numbers(unit, value, number, signed):
    assert (unit.number(value), unit.signed(value)) == (number, signed)


def test_infinite_values_have_a_mean_and_no_deviation():
    assert (Value({0: math.inf, 1: 1.0}).mean, Value({0: math.inf, 1: 1.0}).std) == (math.inf, None)
