"""``Run.table()``: the table as plain data, as text and as HTML."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import FrozenInstanceError
from html.parser import HTMLParser
from typing import Any

import pytest

from brownout.report.plain import Table
from brownout.report.table import condensed_table
from brownout.results import Run
from brownout_registry import UsageError

ROWS = [[0.9, 0.8], [0.5, 0.5], [0.6, 0.6], [0.4, 0.4], [0.7, 0.7], [0.5, 0.5]]
OTHER = [[0.95, 0.85], [0.4, 0.4], [0.6, 0.5], [0.4, 0.4], [0.7, 0.7], [None, None]]
Make = Callable[..., Run]


@pytest.fixture
def table(make_run: Make) -> Table:
    return make_run({"sum": ROWS, "qmf <b>": OTHER}).table()


def test_rows_are_plain_means_of_the_condensed_table(table: Table, make_run: Make) -> None:
    assert table.columns[:2] == ("method", "clean")
    assert len(set(table.columns)) == len(table.columns)
    first, second = table.rows
    assert (first["method"], first["clean"], first["only image"]) == ("sum", pytest.approx(0.85), 0.5)
    assert second["blur(image)"] is None
    full = condensed_table(make_run({"sum": ROWS, "qmf <b>": OTHER}), "pairs", "accuracy")
    assert [list(row.values())[1:] for row in table.rows] == [[value.mean for value in row.values] for row in full.rows]


def test_text_has_the_units_and_marks_of_a_report(table: Table) -> None:
    lines = str(table).splitlines()
    assert len(lines) == 4
    assert len({len(line) for line in lines}) == 1
    assert "85.0 ± 7.1" in lines[2]
    assert "90.0 ± 7.1*" in lines[3]
    assert "failed" in lines[3]
    assert table.metric == "accuracy (%)"


class Seen(HTMLParser):
    """Tags and texts."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.texts: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        self.tags.append(tag)

    def handle_data(self, data: str) -> None:
        self.texts.append(data)


def test_html_shows_the_same_and_escapes(table: Table) -> None:
    seen = Seen(table._repr_html_())
    assert set(seen.tags) == {"table", "caption", "thead", "tbody", "tr", "th", "td"}
    assert seen.texts == ["pairs: accuracy (%)", *table.columns, *(text for row in table.cells for text in row)]
    assert "qmf <b>" in seen.texts


def test_it_is_frozen_and_other_names_are_refused(table: Table, make_run: Make) -> None:
    with pytest.raises(FrozenInstanceError):
        table.metric = "other"  # type: ignore[misc]
    run = make_run({"sum": ROWS})
    assert run.table("accuracy", "pairs").rows == run.table().rows
    with pytest.raises(UsageError, match="unknown metric 'acuracy'; did you mean 'accuracy'"):
        run.table("acuracy")
    with pytest.raises(UsageError, match="unknown dataset 'bird'"):
        run.table(dataset="bird")
