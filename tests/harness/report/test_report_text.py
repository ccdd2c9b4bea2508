"""The report on terminal and in Markdown."""

from __future__ import annotations

import io
import re
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from rich.console import Console

from brownout.report import render_markdown, render_terminal
from brownout.report.markdown import escape
from brownout.report.units import plain

MEAN = [(0.8, 0.9), (0.5, 0.7), (0.7, 0.8), (0.6, 0.6), (0.6, 0.8), (0.2, 0.4)]
BETTER = [(value + 0.05, other + 0.051) for value, other in MEAN]
nasty = st.text(min_size=1, max_size=30) | st.sampled_from(
    ["<script>alert(1)</script>", "a|b", "two\nlines", "\x1b[31mred", "[bold]x[/]", "`code` | *x*", "\\|", "\u202eabc"]
)


def terminal(run, width=100):
    stream = io.StringIO()
    render_terminal(run, Console(file=stream, width=width, color_system=None))
    return stream.getvalue()


def test_terminal_shows_what_one_wants_to_see(make_run):
    shown = terminal(make_run({"mean": MEAN, "qmf": BETTER}, baseline="mean"))
    assert re.search(r"missing means +absent", shown)
    assert re.search(r"clean +85\.0 ±7\.1 +90\.\d ±7\.1\*", shown)
    assert re.search(r"clean +\+5\.\d ±\d\.\d ▲", shown)
    assert "encoder rows computed 60 = minimal 60" in shown
    assert "report.html" in shown


def test_terminal_names_each_failure_once(make_run):
    shown = terminal(make_run({"mean": [*MEAN[:4], (None, None), (None, 0.4)]}))
    assert shown.count("boom") == 1
    assert "mean on pairs, seeds 0, 1, 2 conditions, the first blur(image) s1: RuntimeError: boom" in shown
    assert "failed" in shown


@pytest.mark.parametrize("width", [80, 120, 160])
def test_terminal_keeps_to_its_width(make_run, width):
    methods = {f"redundancy-adaptive-{i}": MEAN for i in range(9)}
    run = make_run(methods, baseline="redundancy-adaptive-0")
    lines = [line for line in terminal(run, width).splitlines() if not line.startswith("report:")]
    assert max(map(len, lines)) <= width
    assert "…" not in "".join(lines), "nothing is cut off"


def test_terminal_says_what_cannot_be_compared(make_run):
    run = make_run({"mean": MEAN}, not_comparable="--limit 100")
    assert "Not comparable with other runs: --limit 100" in terminal(run)


def test_methods_left_out_are_named(make_run):
    run = make_run({"mean": MEAN}, left_out={"mmbt": "its weights are not at hand"})
    assert "mmbt was left out: its weights are not at hand" in terminal(run)
    assert "mmbt was left out: its weights are not at hand" in render_markdown(run)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=25)
@given(name=nasty, reason=nasty)
def test_terminal_prints_no_control_characters_and_no_markup(make_run, name, reason):
    conditions = [replace(each, name=name + each.name) for each in _conditions()]
    shown = terminal(make_run({name: [(None, 0.5), *MEAN[1:]]}, conditions, reason=reason), 400)
    assert all(each.isprintable() or each == "\n" for each in shown)
    assert plain(reason) in shown


@given(nasty)
def test_markdown_escapes_what_github_would_interpret(text):
    shown = escape(text)
    assert "\n" not in shown
    assert "<" not in shown
    assert not re.search(r"(?<!\\)(?:\\\\)*[|`*_\[\]]", re.sub(r"\\[^\w\s]", "", shown))


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=25)
@given(name=nasty)
def test_markdown_tables_keep_their_shape(make_run, name):
    run = make_run({"mean": MEAN, name: BETTER}, _conditions(name), suite=name, baseline="mean")
    rows = [line for line in render_markdown(run).splitlines() if line.startswith("|")]
    assert {len(re.findall(r"(?<!\\)\|", re.sub(r"\\\\", "", row))) for row in rows} == {6}


def test_markdown_table_by_hand(make_run):
    shown = render_markdown(make_run({"mean": MEAN, "qmf": [(0.95, 0.95), *BETTER[1:5], (None, 0.5)]}, baseline="mean"))
    assert "| mean | 85.0 ± 7.1 | 60.0 ± 14.1 | 67.5 ± 3.5 | **50.0**\\* ± 14.1 |" in shown
    assert "| qmf | **95.0**\\* ± 0.0 | " in shown
    assert "67.5 ! |" in shown or "67.6 ! |" in shown
    assert "- qmf on pairs, seed 0, blur(image) s2: RuntimeError: boom" in shown


def _conditions(prefix=""):
    from brownout_registry import ConditionFacts

    return [
        ConditionFacts("clean", "clean", "clean"),
        ConditionFacts("only image", "only image", "missing"),
        ConditionFacts("missing 0.3", "missing", "missing", 1, 0.3, prefix),
        ConditionFacts("missing 0.5", "missing", "missing", 2, 0.5, prefix),
        ConditionFacts("blur s1", f"{prefix} blur", "corruption", 1, 2.0, prefix),
        ConditionFacts("blur s2", f"{prefix} blur", "corruption", 2, 4.0, prefix),
    ]
