"""A stored baseline: what fails, what is refused, what is accepted."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ET
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

WORSE = [f"synthetic::worn::seed{seed}::missing vector" for seed in (0, 1)]
GUARD = ("suite.yaml", "--brownout-baseline", "baseline.json")


def baseline(folder: Path) -> dict[str, Any]:
    content: dict[str, Any] = json.loads((folder / "baseline.json").read_text())
    return content


def rewrite(folder: Path, change: Callable[[dict[str, Any]], object]) -> None:
    content = baseline(folder)
    change(content["suites"]["guarded"])
    (folder / "baseline.json").write_text(json.dumps(content))


def test_exactly_the_cells_that_became_worse_fail(session: Callable[..., Any], project: Path) -> None:
    found = session(*GUARD, "--junitxml", "junit.xml", "--brownout-json", "out/results.json")
    assert found.code == 1
    assert found.failed == WORSE
    cases = ET.parse(project / "junit.xml").getroot().findall(".//testcase")
    failed = [case for case in cases if case.find("failure") is not None]
    assert len(cases) == 20
    assert [(case.get("classname"), case.get("name")) for case in failed] == [
        (f"suite.yaml.synthetic.worn.seed{seed}", "missing vector") for seed in (0, 1)
    ]
    properties = {each.get("name"): each.get("value") for each in failed[0].iter("property")}
    assert properties["brownout.method"] == "worn"
    assert json.loads(properties["brownout.score.accuracy"] or "") == pytest.approx(1 / 3)
    assert json.loads(properties["brownout.baseline.accuracy"] or "") == 1
    assert (properties["brownout.change.accuracy"] or "").startswith("worse: 80 samples lost, 0 won")
    results = json.loads((project / "out" / "results.json").read_text())
    assert {node.partition("::")[2] for node, each in results["cells"].items() if each["outcome"] == "failed"} == set(
        WORSE
    )
    line = next(each for each in found.text.splitlines() if each.startswith("missing vector"))
    assert "33.3" in line
    assert "▼✗" in line


def test_a_tolerance_lets_a_loss_pass(session: Callable[..., Any], project: Path) -> None:
    assert session(*GUARD, "--brownout-tolerance", "0.7").code == 0


def test_better_is_told_and_passes(session: Callable[..., Any], project: Path, edit: Callable[..., None]) -> None:
    session(*GUARD, "--brownout-accept")
    methods = [{"name": "mean", "fusion": "mean"}, {"name": "worn", "fusion": "faulty"}]
    edit("suite.yaml", methods=methods)
    found = session(*GUARD)
    assert found.code == 0
    assert f"2 cells are better than the baseline, the first {WORSE[0]}" in found.text
    assert "▲" in found.text


def test_accepted_baselines_are_the_same_bytes(session: Callable[..., Any], project: Path) -> None:
    session("suite.yaml", "--brownout-baseline", "new.json", "--brownout-accept")
    first = (project / "new.json").read_bytes()
    assert session("suite.yaml", "--brownout-baseline", "new.json").code == 0
    session("suite.yaml", "--brownout-baseline", "new.json", "--brownout-accept", "-p", "no:terminal")
    assert (project / "new.json").read_bytes() == first
    assert list(project.glob(".*.tmp")) == []
    cells = json.loads(first)["suites"]["guarded"]["cells"]
    assert list(cells) == sorted(cells)
    assert set(cells[WORSE[0]]) == {"scores", "samples", "correct", "level", "used"}
    assert len(first) < 10_000


def test_accepting_a_selection_keeps_the_others(session: Callable[..., Any], project: Path) -> None:
    before = baseline(project)["suites"]["guarded"]["cells"]
    assert session(*GUARD, "--brownout-accept", "-k", "worn and seed1").code == 0
    after = baseline(project)["suites"]["guarded"]["cells"]
    assert {key for key in after if after[key]["scores"]["accuracy"] != before[key]["scores"]["accuracy"]} == {WORSE[1]}
    assert session(*GUARD).failed == [WORSE[0]]


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (lambda s: s["protocol"].update(version="0"), "protocol version is '1', in the baseline '0'"),
        (lambda s: s["protocol"].update(empty="keep"), "protocol empty is 'refuse', in the baseline 'keep'"),
        (lambda s: s["data"].update(synthetic="another"), "dataset 'synthetic' has other data"),
        (lambda s: s.update(limit=10), "--brownout-limit is None, in the baseline 10"),
    ],
)
def test_what_must_not_be_compared_is_an_error(
    session: Callable[..., Any], project: Path, change: Callable[[dict[str, Any]], object], why: str
) -> None:
    rewrite(project, change)
    found = session(*GUARD)
    assert found.code == 1
    assert all(each.when == "setup" and each.failed for each in found.reports.values())
    assert why in found.text
    assert "must not be compared" in found.text


def test_a_new_baseline_replaces_one_of_other_data(session: Callable[..., Any], project: Path) -> None:
    rewrite(project, lambda section: section["data"].update(synthetic="another"))
    session(*GUARD, "--brownout-accept", "-k", "worn and clean")
    assert len(baseline(project)["suites"]["guarded"]["cells"]) == 2


def test_a_condition_at_another_level_fails(session: Callable[..., Any], project: Path) -> None:
    rewrite(project, lambda s: s["cells"]["synthetic::mean::seed0::shift(image) s1"].update(level=0.9))
    found = session(*GUARD, "-k", "mean and seed0")
    assert found.failed == ["synthetic::mean::seed0::shift(image) s1"]
    assert "the condition's level is 0.1, in the baseline 0.9" in found.text


def test_a_condition_with_other_options_fails(session: Callable[..., Any], project: Path) -> None:
    rewrite(project, lambda s: s["cells"]["synthetic::mean::seed0::shift(image) s1"].update(used="another"))
    found = session(*GUARD, "-k", "mean and seed0")
    assert found.failed == ["synthetic::mean::seed0::shift(image) s1"]
    assert "the condition has other options or levels than in the baseline" in found.text


@pytest.mark.parametrize(("missing", "code"), [("pass", 0), ("fail", 1)])
def test_cells_that_the_baseline_lacks(session: Callable[..., Any], project: Path, missing: str, code: int) -> None:
    rewrite(project, lambda section: section["cells"].pop("synthetic::mean::seed0::clean"))
    found = session(*GUARD, "-k", "mean and clean", "--brownout-missing", missing)
    assert found.code == code
    assert found.failed == ["synthetic::mean::seed0::clean"] * code


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (None, "is not there; --brownout-accept makes it"),
        ("{", "cannot be read"),
        ("[]", "is no baseline"),
        ('{"brownout_baseline": 9, "suites": {}}', "has format 9, not 1"),
    ],
)
def test_a_file_that_is_no_baseline(
    place: Path, session: Callable[..., Any], project: Path, content: str | None, why: str
) -> None:
    (project / "baseline.json").unlink()
    if content is not None:
        (project / "baseline.json").write_text(content)
    found = session(*GUARD)
    assert found.code == pytest.ExitCode.USAGE_ERROR
    assert [line for line in found.text.splitlines() if why in line]


def test_accept_needs_a_file(session: Callable[..., Any]) -> None:
    found = session("--brownout-accept")
    assert found.code == pytest.ExitCode.USAGE_ERROR
    assert "say with --brownout-baseline FILE where to" in found.text


def test_a_limit_is_marked_and_lies_apart(session: Callable[..., Any], project: Path) -> None:
    arguments = ("suite.yaml", "-k", "mean and clean", "--brownout-limit", "30", "--brownout-json", "out.json")
    found = session(*arguments)
    assert found.code == 0
    assert "not comparable with other runs: only the first 30 test samples" in found.text
    assert json.loads((project / "out.json").read_text())["suites"]["guarded"]["not_comparable"]
    assert [each.name for each in (project / "runs").glob("guarded*")] == ["guarded-limit-30"]
    assert "in the baseline None" in session(*arguments, "--brownout-baseline", "baseline.json").text


def test_html_of_what_was_selected(session: Callable[..., Any], project: Path) -> None:
    assert session("suite.yaml", "-k", "worn and seed0", "--brownout-html", "out/report.html").code == 0
    text = (project / "out" / "report.html").read_text()
    assert "worn" in text
    assert "shift" in text
