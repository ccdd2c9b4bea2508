"""Suite files as items: collection, selection, gates, failures."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from brownout.engine.folder import RunFolder


def computed(place: Path, suite: str = "small") -> set[tuple[str, str]]:
    cells = RunFolder(place / "runs" / suite).cells().values()
    return {(each["method"], each["condition"]) for each in cells}


def test_one_item_for_each_cell(session: Callable[..., Any], suite: Callable[..., Any]) -> None:
    suite(training={"epochs": 0, "seeds": [0, 3]})
    found = session("suite.yaml")
    assert found.code == 0
    conditions = ("clean", "missing image", "missing vector")
    assert list(found.reports) == [f"suite.yaml::synthetic::mean::seed{s}::{c}" for s in (0, 3) for c in conditions]
    assert "brownout: small" in found.text
    assert "missing image" in found.text.partition("brownout: small")[2]


def test_selection_computes_nothing_else(session: Callable[..., Any], suite: Callable[..., Any], place: Path) -> None:
    suite(methods=[{"name": "mean", "fusion": "mean"}, {"name": "other", "fusion": "mean"}])
    found = session("suite.yaml", "-k", "other and missing")
    assert found.code == 0
    assert computed(place) == {("other", "missing image"), ("other", "missing vector")}
    assert "4 deselected" in found.text
    found = session("suite.yaml::synthetic::mean::seed0::missing image")
    assert [each.partition("::")[2] for each in found.reports] == ["synthetic::mean::seed0::missing image"]
    assert computed(place) >= {("mean", "missing image")}
    assert len(computed(place)) == 3


def test_what_is_computed_stays_computed(
    session: Callable[..., Any], suite: Callable[..., Any], place: Path, seen: Any
) -> None:
    suite()
    session("suite.yaml")
    seen.clear()
    assert session("suite.yaml").code == 0
    assert seen.rows() == []


def test_only_what_is_named_is_collected(session: Callable[..., Any], suite: Callable[..., Any], place: Path) -> None:
    suite()
    (place / "other.yaml").write_text("suite: of rooms\n")
    assert session().code == pytest.ExitCode.NO_TESTS_COLLECTED
    assert "collected 0 items" in session("other.yaml").text
    (place / "pytest.ini").write_text("[pytest]\nbrownout_suites = suite*.yaml")
    assert len(session().reports) == 3


def test_sessions_over_several_folders_go_on_as_ever(session: Callable[..., Any], place: Path) -> None:
    for name in ("a", "b"):
        (place / name).mkdir()
        (place / name / "conftest.py").write_text("def pytest_runtest_logreport(report):\n    pass\n")
        (place / name / f"test_{name}.py").write_text("def test_nothing():\n    pass\n")
    assert session().code == 0


def test_a_crash_costs_its_own_cells_one_line_each(session: Callable[..., Any], suite: Callable[..., Any]) -> None:
    broken = {"name": "broken", "fusion": "faulty", "options": {"fault": "raises", "only": "image"}}
    suite(methods=[broken, {"name": "mean", "fusion": "mean"}])
    found = session("suite.yaml")
    assert found.code == 1
    assert found.failed == ["synthetic::broken::seed0::missing image"]
    report = found.reports["suite.yaml::synthetic::broken::seed0::missing image"]
    assert str(report.longrepr) == "RuntimeError: spoilt on purpose, in two lines"
    assert "Traceback" not in found.text


@pytest.mark.parametrize(
    ("keys", "line"),
    [
        ({"methods": [{"name": "mean", "fusion": "maen"}]}, "suite.yaml: methods[0] (mean): unknown fusion 'maen'"),
        ({"metrics": ["acuracy"]}, "unknown metric 'acuracy'"),
        ({"gates": [{"metric": "ece", "minimum": 1}]}, "gates[0].metric: unknown metric of this suite 'ece'"),
        ({"gates": [{"methods": ["maen"], "minimum": 1}]}, "gates[0].methods: unknown method 'maen'"),
        ({"gates": [{"methods": ["mean"]}]}, "give 'minimum', 'maximum', 'drop' or 'xfail'"),
        (
            {"gates": [{"drop": 0.1}], "protocol": {"clean": False, "missing": {"patterns": "all"}}},
            "gates[0].drop: the protocol has no clean condition to drop from",
        ),
    ],
)
def test_a_mistake_is_one_line_at_collection(
    session: Callable[..., Any], suite: Callable[..., Any], keys: dict[str, Any], line: str
) -> None:
    suite(**keys)
    found = session("suite.yaml")
    assert found.code == pytest.ExitCode.INTERRUPTED
    assert sum(line in each for each in found.text.splitlines()) == 1
    assert "Traceback" not in found.text
    assert ".py:" not in found.text


def test_two_suites_of_one_name_do_not_share_a_run_folder(
    session: Callable[..., Any], suite: Callable[..., Any]
) -> None:
    suite()
    suite(file="twin.yaml")
    found = session("suite.yaml", "twin.yaml", "--collect-only")
    assert found.code == pytest.ExitCode.INTERRUPTED
    assert "twin.yaml: suite: suite.yaml has this name too; rename one" in found.text


def test_a_mistake_that_only_data_show_is_an_error_of_each_item(
    session: Callable[..., Any], suite: Callable[..., Any], place: Path
) -> None:
    suite(dataset={"validation": 0})
    found = session("suite.yaml")
    assert found.code == 1
    assert all(each.when == "setup" and each.failed for each in found.reports.values())
    (line,) = {str(each.longrepr) for each in found.reports.values()}
    assert line == "suite.yaml: dataset: brownout-testing/synthetic: split 'validation' is empty"


def test_minimum_maximum_and_drop(session: Callable[..., Any], suite: Callable[..., Any], place: Path) -> None:
    suite(
        methods=[{"name": "mean", "fusion": "mean"}, {"name": "half", "fusion": "faulty", "options": {"only": ""}}],
        metrics=["accuracy", "samples"],
        gates=[
            {"metric": "samples", "minimum": 41, "methods": ["h*"], "conditions": ["clean"]},
            {"metric": "samples", "maximum": 39, "conditions": ["missing image"]},
            {"metric": "samples", "minimum": 40, "maximum": 40, "drop": 0},
        ],
    )
    found = session("suite.yaml")
    expected = ["mean::seed0::missing image", "half::seed0::clean", "half::seed0::missing image"]
    assert found.failed == [f"synthetic::{each}" for each in expected]
    assert "samples 40.0000 is below the minimum 41 (gates[0])" in found.text
    assert "samples 40.0000 is above the maximum 39 (gates[1])" in found.text


def test_a_drop_is_counted_from_clean_even_if_that_is_not_selected(
    session: Callable[..., Any], project: Path, edit: Callable[..., None], place: Path
) -> None:
    edit("suite.yaml", gates=[{"drop": 0.1}])
    found = session("suite.yaml", "-k", "worn and seed1 and missing")
    assert found.failed == ["synthetic::worn::seed1::missing vector"]
    assert "accuracy 0.3333 is 0.6667 worse than clean (1.0000), at most 0.1 (gates[0])" in found.text
    conditions = {"clean", "missing image", "missing vector"}
    assert computed(place, "guarded") == {("worn", each) for each in conditions}


def test_xfail_keeps_a_cell_in_the_table(
    session: Callable[..., Any], project: Path, edit: Callable[..., None], place: Path
) -> None:
    (place / "pytest.ini").write_text("[pytest]\nxfail_strict = true")
    edit(
        "suite.yaml",
        gates=[
            {"minimum": 0.5},
            {"methods": ["worn"], "conditions": ["missing vector"], "xfail": "worn out"},
            {"methods": ["mean"], "conditions": ["clean"], "xfail": "not any more: better never fails"},
        ],
    )
    found = session("suite.yaml", "-k", "seed0")
    assert found.code == 0
    assert "1 xfailed" in found.text
    assert "1 xpassed" in found.text
    table = found.text.partition("brownout: guarded")[2]
    assert "33.3" in next(line for line in table.splitlines() if line.startswith("missing vector"))
    assert "fails as expected (xfail)" in table


def test_gates_are_no_part_of_a_runs_identity(
    session: Callable[..., Any], suite: Callable[..., Any], edit: Callable[..., None], seen: Any
) -> None:
    suite()
    session("suite.yaml")
    seen.clear()
    edit("suite.yaml", gates=[{"minimum": 0}])
    assert session("suite.yaml").code == 0
    assert seen.rows() == []
