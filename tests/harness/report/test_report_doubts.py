"""What had no effect is told, and what had one is not."""

from __future__ import annotations

import io

from rich.console import Console

from brownout.report import render_markdown, render_terminal
from brownout.report.doubts import doubts
from brownout.report.html import render_html

NOTHING = {"use": "gaussian-noise", "levels": [0.0, 0.0], "name": "no noise"}
LATE = {"use": "gaussian-noise", "levels": [0.0, 3.0], "name": "late noise"}
LINE = "no effect? no noise(vector) on synthetic leaves every prediction as on clean samples, at every severity"


def test_a_perturbation_that_changes_nothing_is_told_in_every_report(make_suite, compute):
    protocol = {"corruptions": {"each": [NOTHING, LATE], "modalities": ["vector"]}, "missing": {"empty": "keep"}}
    run = compute(make_suite(["vector", "image"], protocol=protocol))
    assert doubts(run) == (LINE,)
    console = Console(file=io.StringIO(), width=200)
    render_terminal(run, console)
    page = render_html(run)
    for report in (console.file.getvalue(), render_markdown(run), page):
        assert LINE.replace("(", "").replace(")", "") in report.replace("(", "").replace(")", "")
    assert "absent; a sample that a pattern leaves nothing of keeps all that it has" in page


def test_without_clean_samples_nothing_is_said(make_suite, compute):
    protocol = {"clean": False, "corruptions": {"each": [NOTHING], "modalities": ["vector"]}}
    assert doubts(compute(make_suite(["vector"], protocol=protocol))) == ()
