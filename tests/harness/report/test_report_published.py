"""Papers' tables beside the measured one."""

from __future__ import annotations

from typing import Any

import pytest

from brownout.report.html import render_html
from brownout.report.markdown import render_markdown
from brownout.report.published import published_tables
from brownout.suite import parse_suite
from brownout_registry import UsageError

pytestmark = pytest.mark.usefixtures("testing_plugin")


def test_a_table_stands_beside_what_was_measured(make_suite: Any, compute: Any) -> None:
    run = compute(make_suite(published=["table-9"]))
    birds, fish = published_tables(run)
    assert birds.title == "table-9: Birds, accuracy %"
    assert birds.conditions == ("clean", "noise")
    assert birds.rows == (("QMF", ("90.1 ± 0.3", "70.0")), ("Concat", ("88.0", "")))
    assert birds.notes == ("QMF, noise: typing slip",)
    assert fish.rows == (("QMF", ("50.5",)),)
    for text in (render_html(run), render_markdown(run)):
        assert "90.1 ± 0.3" in text
        assert "typing slip" in text
        assert "as printed in the paper" in text.lower()


def test_a_suite_takes_what_it_needs(make_suite: Any, compute: Any) -> None:
    (only,) = published_tables(compute(make_suite(published=[{"use": "table-9", "dataset": "Fish"}])))
    assert only.title == "table-9: Fish, accuracy %"


@pytest.mark.parametrize(
    ("use", "said"),
    [
        ("table-8", "did you mean 'table-9'"),
        ({"use": "table-9", "dataset": "Fishes"}, "did you mean 'Fish'"),
        ({"use": "table-9", "metric": "speed"}, "unknown metric 'speed'; known: accuracy %"),
    ],
)
def test_mistakes_are_told_before_anything_is_computed(make_suite: Any, compute: Any, use: Any, said: str) -> None:
    suite = make_suite(published=[use])
    assert parse_suite(suite)
    with pytest.raises(UsageError, match=said):
        compute(suite)
