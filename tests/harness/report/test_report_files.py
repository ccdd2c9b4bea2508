"""The report as LaTeX and as CSV: nothing of a run's text is markup there, and every cell is in its row."""

from __future__ import annotations

import csv
import io
import re

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from brownout.report import render_csv, render_latex
from brownout.report.latex import escape
from brownout_registry import ConditionFacts

MEAN = [(0.8, 0.9), (0.5, 0.7), (0.7, 0.8), (0.6, 0.6), (0.6, 0.8), (0.2, 0.4)]
OTHER = [(0.9, 0.9), (0.4, float("nan")), (0.7, 0.7), (0.7, 0.7), (0.5, 0.5), (None, 0.5)]
NASTY = 'a,b "c"\r\n50 % & _ # $ { } ~ ^ \\ [x]'


def rows(text):
    return list(csv.DictReader(io.StringIO(text, newline="")))


def test_csv_has_a_row_for_each_cell_and_metric(make_run):
    found = rows(render_csv(make_run({"mean": MEAN, "qmf": OTHER})))
    assert len(found) == 24
    row = next(each for each in found if each["condition"] == "blur(image) s2" and each["seed"] == "1")
    assert (row["method"], row["dataset"], row["metric"], row["value"]) == ("mean", "pairs", "accuracy", "0.4")
    assert (row["kind"], row["group"], row["severity"], row["level"]) == ("corruption", "blur(image)", "2", "4.0")
    assert row["parameter"] == "sigma, pixels"
    assert row["status"] == "finished"


def test_csv_tells_failed_and_undefined_from_finished(make_run):
    found = rows(render_csv(make_run({"mean": MEAN, "qmf": OTHER})))
    unlike = {each["status"]: each for each in found if each["status"] != "finished"}
    assert set(unlike) == {"failed", "undefined"}
    assert all(each["value"] == "" for each in unlike.values())
    assert unlike["failed"]["reason"] == "RuntimeError: boom"
    assert unlike["failed"]["severity"] == "2"


def test_csv_keeps_every_digit_and_ends_lines_as_rfc_4180(make_run):
    value = 0.1 + 0.2
    text = render_csv(make_run({"mean": [(value,)]}, (ConditionFacts("clean", "clean", "clean"),)))
    assert float(rows(text)[0]["value"]) == value
    assert text.count("\r\n") == text.count("\n") == 2


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=30)
@given(name=st.text(min_size=1, max_size=20) | st.just(NASTY))
def test_csv_reads_back_as_it_was(make_run, name):
    found = rows(render_csv(make_run({name: MEAN}, suite=name)))
    assert {(each["suite"], each["method"]) for each in found} == {(name, name)}


def test_latex_is_a_booktabs_table_with_a_caption(make_run):
    text = render_latex(make_run({"mean": MEAN, "qmf": OTHER}, suite="my suite"))
    for part in (
        r"\toprule",
        r"\midrule",
        r"\bottomrule",
        r"\cmidrule(lr){3-3}",
        r"\label{tab:my-suite-pairs-accuracy}",
    ):
        assert part in text
    caption = re.search(r"\\caption\{(.*)\}", text).group(1)
    assert caption.startswith(r"accuracy (\%) on pairs; protocol own, version 1, seed 0; missing means absent.")
    assert "bold: best method" in caption
    assert r" 85.0\,{\scriptsize$\pm$\,7.1} & " in text
    assert r" \textbf{90.0}\,{\scriptsize$\pm$\,0.0} & " in text
    columns = len(re.search(r"\\begin\{tabular\}\{(l r*|lr*)\}", text).group(1))
    lines = [line for line in text.splitlines() if line.endswith(r"\\") and line.startswith(("mean", "qmf", "method"))]
    assert [line.count(" & ") for line in lines] == [columns - 1] * 3


def test_latex_says_when_a_run_is_not_comparable(make_run):
    text = render_latex(make_run({"mean": MEAN}, not_comparable="only 5 samples (--limit)"))
    assert "Not comparable with other runs: only 5 samples (--limit)." in text


@pytest.mark.parametrize("text", ["&", "%", "$", "#", "_", "{", "}", "~", "^", "\\", NASTY])
def test_latex_escapes_what_is_special(text):
    plain = re.sub(r"\\text\w+\{\}|\\[&%$#_{}]|\$-\$|\{\[\}", "", escape(text))
    assert not re.search(r"[&%$#_{}~^\\]", plain)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=30)
@given(name=st.text(min_size=1, max_size=20) | st.just(NASTY))
def test_latex_has_balanced_braces_whatever_the_names(make_run, name):
    text = re.sub(r"\\[{}\\]", "", render_latex(make_run({name: MEAN, f"{name}!": OTHER}, suite=name)))
    body = "\n".join(line for line in text.splitlines() if not line.startswith("%"))
    assert body.count("{") == body.count("}")
    assert text.count(r"\begin{table*}") == text.count(r"\end{table*}") == 1
