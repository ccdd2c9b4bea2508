"""The marker and its fixtures in a user's own tests."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest


def test_cells_and_robustness_in_ones_own_tests(
    session: Callable[..., Any], suite: Callable[..., Any], place: Path
) -> None:
    suite(summaries=["worst"], metrics=["accuracy", "nll", "largest"])
    (place / "test_mine.py").write_text(
        dedent(
            """
        import math
        import pytest

        @pytest.mark.brownout(suite="suite.yaml")
        def test_every_cell(cell):
            assert (cell.method, cell.dataset, cell.seed) == ("mean", "synthetic", 0)
            assert cell.scores.keys() == {"accuracy", "nll", "largest"}
            assert cell.stored.logits.shape == (40, 3)
            assert cell.condition.kind != "missing" or not cell.stored.present.all()

        @pytest.mark.brownout(suite="suite.yaml")
        def test_a_method(robustness):
            values = [robustness.value(each.name) for each in robustness.conditions]
            assert robustness.summaries == {"worst": min(values)}
            assert robustness.drop("missing image") == values[0] - values[1]
            assert robustness.drop("missing image", "nll") == -(
                robustness.value("clean", "nll") - robustness.value("missing image", "nll")
            )
            assert math.isnan(robustness.value("clean", "largest"))
            with pytest.raises(KeyError, match="no condition 'dark'"):
                robustness.value("dark")

        @pytest.mark.brownout(suite="suite.yaml", methods=["m*"], conditions=["missing *"])
        def test_both(cell, robustness):
            assert cell.scores["accuracy"] == robustness.value(cell.condition.name)
            assert cell.condition.name != "missing vector"
            """
        )
    )
    found = session("test_mine.py")
    assert found.code == 1
    assert found.failed == ["test_both[synthetic::mean::seed0::missing vector]"]
    assert len(found.reports) == 3 + 1 + 2
    report = found.reports["test_mine.py::test_every_cell[synthetic::mean::seed0::missing image]"]
    properties = dict(report.user_properties)
    assert properties["brownout.condition"] == "missing image"
    assert "brownout.score.nll" in properties
    method = found.reports["test_mine.py::test_a_method[synthetic::mean]"]
    assert [name for name, _ in method.user_properties] == ["brownout.summary.worst"]


def test_selection_computes_what_the_tests_need(
    session: Callable[..., Any], suite: Callable[..., Any], place: Path
) -> None:
    from brownout.results import load_run

    suite()
    (place / "test_mine.py").write_text(
        "import pytest\n@pytest.mark.brownout(suite='suite.yaml')\ndef test_mine(cell):\n    assert cell\n"
    )
    assert session("-k", "clean").code == 0
    assert {each.condition.name for each in load_run(place / "runs" / "small").scores} == {"clean"}


def test_a_failed_cell_fails_its_test_in_one_line(
    session: Callable[..., Any], suite: Callable[..., Any], place: Path
) -> None:
    broken = {"name": "broken", "fusion": "faulty", "options": {"fault": "nan", "only": "image"}}
    suite(methods=[broken])
    (place / "test_mine.py").write_text(
        dedent(
            """
        import pytest

        @pytest.mark.brownout(suite="suite.yaml")
        def test_cell(cell):
            pass

        @pytest.mark.brownout(suite="suite.yaml")
        def test_method(robustness):
            pass
            """
        )
    )
    found = session()
    assert found.failed == ["test_cell[synthetic::broken::seed0::missing image]", "test_method[synthetic::broken]"]
    assert "1 cells of broken failed, the first: " in found.text


@pytest.mark.parametrize(
    ("marker", "why"),
    [
        ("brownout('suite.yaml')", "write @pytest.mark.brownout(suite=..., methods=, conditions=)"),
        ("brownout(suite='siute.yaml')", "siute.yaml: unknown suite file 'siute.yaml'; did you mean 'suite.yaml'"),
    ],
)
def test_a_wrong_marker_is_one_line(
    session: Callable[..., Any], suite: Callable[..., Any], place: Path, marker: str, why: str
) -> None:
    suite()
    (place / "test_mine.py").write_text(f"import pytest\n@pytest.mark.{marker}\ndef test_mine(cell):\n    pass\n")
    found = session()
    assert found.code == pytest.ExitCode.INTERRUPTED
    assert why in found.text
    assert "Traceback" not in found.text


def test_a_fixture_without_the_marker(session: Callable[..., Any], place: Path, tmp_path: Path) -> None:
    (place / "test_mine.py").write_text("def test_mine(robustness):\n    pass\n")
    found = session()
    assert found.failed == ["test_mine"]
    assert "the fixture 'robustness' is for tests with @pytest.mark.brownout(suite=...)" in found.text
