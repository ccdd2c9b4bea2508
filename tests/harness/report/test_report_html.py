"""The HTML report: one file, everything escaped, nothing fetched, and it draws in a browser."""

from __future__ import annotations

import json
import shutil
import subprocess
from html.parser import HTMLParser

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from brownout.report import write_html
from brownout.report.curves import curves, value_range
from brownout.report.drawing import figure
from brownout.report.html import render_html
from brownout.report.units import PERCENT

MEAN = [(0.8, 0.9), (0.5, 0.7), (0.7, 0.8), (0.6, 0.6), (0.6, 0.8), (0.2, 0.4)]
OTHER = [(0.9, 0.9), (0.4, 0.4), (0.7, 0.7), (0.7, 0.7), (0.5, 0.5), (None, 0.5)]
PNG = b"\x89PNG\r\n\x1a\n rest"
NASTY = "</script><script>alert(1)</script><img src=x onerror=alert(1)>"
nasty = st.text(min_size=1, max_size=20) | st.sampled_from(
    [NASTY, '" onmouseover="x', "'", "{{ 7*7 }}", "<!--", "a|b", "x\ny"]
)


class Page(HTMLParser):
    """Every tag with its attributes, and the text outside scripts and styles."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.text, self.scripts, self._inside = [], [], [], []
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        self.tags.append((tag, dict(attributes)))
        self._inside.append(tag)

    def handle_endtag(self, tag):
        if tag in self._inside:
            while self._inside.pop() != tag:
                pass

    def handle_data(self, data):
        inside = self._inside[-1] if self._inside else ""
        (self.scripts if inside == "script" else self.text).append(data)


def test_nothing_is_fetched(make_run):
    page = Page(render_html(make_run({"mean": MEAN, "qmf": OTHER}, baseline="mean")))
    targets = [
        value
        for _, attributes in page.tags
        for name, value in attributes.items()
        if name in ("src", "href", "action", "data")
    ]
    assert all(target.startswith(("#", "data:")) for target in targets)
    assert not [tag for tag, _ in page.tags if tag in ("link", "iframe", "object", "embed", "base")]
    style = "".join(page.text)
    assert "@import" not in style
    assert "url(" not in style
    policy = next(a["content"] for t, a in page.tags if t == "meta" and a.get("http-equiv"))
    assert policy.startswith("default-src 'none'")


def test_plotly_is_inside_once_and_only_when_there_are_curves(make_run):
    assert render_html(make_run({"mean": MEAN})).count("plotly.js v") == 1
    run = make_run({"mean": MEAN[:2]}, _conditions()[:2])
    assert "plotly.js v" not in render_html(run)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=20)
@given(name=nasty)
def test_no_text_becomes_markup(make_run, name):
    harmless, page = (
        Page(
            _without_plotly(
                make_run(
                    {"mean": MEAN, f"{text}!": OTHER},
                    _conditions(text),
                    suite=text,
                    description=text,
                    reason=text,
                    baseline="mean",
                )
            )
        )
        for text in ("harmless", name)
    )
    tags, expected = ([tag for tag, _ in each.tags if tag != "wbr"] for each in (page, harmless))
    assert tags == expected
    assert not [attribute for _, attributes in page.tags for attribute in attributes if attribute.startswith("on")]
    for script, (_, attributes) in zip(page.scripts, [t for t in page.tags if t[0] == "script"], strict=True):
        if attributes.get("type") == "application/json":
            json.loads(script, parse_constant=lambda constant: pytest.fail(f"{constant} is not JSON"))


def test_the_file_is_replaced_as_a_whole(make_run, monkeypatch):
    run = make_run({"mean": MEAN})
    path = run.folder / "report.html"
    path.write_text("old")
    write_html(run, path)
    assert path.read_text(encoding="utf-8").startswith("<!doctype html>")
    path.write_text("old")
    monkeypatch.setattr("pathlib.Path.replace", lambda *_: (_ for _ in ()).throw(OSError("disk full")))
    with pytest.raises(OSError, match="disk full"):
        write_html(run, path)
    assert [each.name for each in run.folder.iterdir()] == ["report.html"]
    assert path.read_text() == "old"


def test_failures_oracle_and_missing_are_said(make_run):
    text = render_html(make_run({"mean": MEAN, "qmf": OTHER}, oracle="qmf"))
    assert "23 of 24 finished, 1 failed" in text
    assert "seed 0: RuntimeError: boom" in text
    assert "uses oracle knowledge (which modality is perturbed)" in text
    assert "“missing” means" in text


def test_figures_are_inside_and_never_from_outside_the_folder(make_run):
    run = make_run({"mean": MEAN})
    (run.folder / "figures").mkdir()
    (run.folder / "figures" / "a.png").write_bytes(PNG)
    (run.folder / "secret.png").write_bytes(PNG)
    (run.folder / "figures" / "b.png").write_text("not a picture")
    names = ["a.png", "../secret.png", "b.png"]
    run.facts["figures"].extend({"file": name, "title": name, "caption": ""} for name in names)
    page = Page(_without_plotly(run))
    assert [attributes["alt"] for tag, attributes in page.tags if tag == "img"] == ["a.png"]


def test_curves_start_at_clean_and_know_their_levels(make_run):
    run = make_run({"mean": MEAN, "qmf": OTHER})
    rate, blur = curves(run, "pairs", "accuracy")
    assert (rate.kind, rate.x) == ("missing rate", (0.0, 0.3, 0.5))
    assert (blur.kind, blur.x, blur.levels, blur.parameter) == (
        "corruption",
        (0.0, 1.0, 2.0),
        ("", "2", "4"),
        "sigma, pixels",
    )
    assert [value.mean for value in blur.series[0].values] == pytest.approx([0.85, 0.7, 0.3])


def test_a_figure_has_a_band_and_a_line_for_each_method(make_run):
    run = make_run({"mean": MEAN, "qmf": OTHER})
    blur = curves(run, "pairs", "accuracy")[1]
    drawn = figure(blur, PERCENT, value_range(run, "pairs", "accuracy"))
    band, line = drawn["data"][:2]
    assert line["y"] == pytest.approx([85, 70, 30])
    assert band["x"] == [0, 1, 2, 2, 1, 0]
    assert band["y"][0] - line["y"][0] == pytest.approx(line["y"][0] - band["y"][-1])
    colours = [trace["line"]["color"] for trace in drawn["data"][1::2]]
    assert len(set(colours)) == 2


@pytest.mark.skipif(shutil.which("chromium") is None, reason="chromium is not installed")
def test_a_browser_draws_every_curve_and_runs_no_text(make_run):
    run = make_run({"mean": MEAN, NASTY: OTHER}, _conditions(NASTY), baseline="mean")
    path = run.folder / "report.html"
    write_html(run, path)
    command = [
        "chromium",
        "--headless",
        "--no-sandbox",
        "--disable-gpu",
        "--virtual-time-budget=8000",
        "--window-size=1400,3000",
    ]
    command += [f"--user-data-dir={run.folder / 'profile'}", "--dump-dom", path.as_uri()]
    dom = subprocess.run(command, capture_output=True, text=True, timeout=90, check=True).stdout
    page = Page(dom)
    assert sum("main-svg" in (attributes.get("class") or "") for _, attributes in page.tags) >= 2
    assert not [attributes for tag, attributes in page.tags if tag == "img"]


def _without_plotly(run):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("brownout.report.html._plotly", lambda: "")
        return render_html(run)


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
