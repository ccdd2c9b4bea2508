"""The paper's tables."""

from __future__ import annotations

import pytest

from brownout_qmf.plugin import brownout_published
from brownout_registry import resolve

CARDS = {card.name: card for card in brownout_published()}
ROWS = {f"qmf-table-{number}": rows for number, rows in enumerate([204, 32, 15, 16, 102, 102], 1)}
KEYS = ["paper", "table", "dataset", "method", "condition", "metric", "value", "std", "note"]


@pytest.mark.parametrize("name", ROWS)
def test_a_table_is_whole(name):
    table, number = resolve(CARDS[name])(), name.removeprefix("qmf-table-")
    assert len(table) == ROWS[name]
    assert all(list(row) == KEYS and (row["paper"], row["table"]) == ("001", number) for row in table)
    assert all(0 < float(row["value"]) <= 100 for row in table)
    assert all(not row["std"] or 0 <= float(row["std"]) < 10 for row in table)
    assert len({(row["dataset"], row["method"], row["condition"], row["metric"]) for row in table}) == ROWS[name]


@pytest.mark.parametrize(
    ("name", "dataset", "method", "condition", "value"),
    [
        ("qmf-table-1", "MVSA", "Ours (QMF)", "eps=5.0", "73.85"),
        ("qmf-table-2", "NYU Depth V2", "UAW + L_reg", "eps=20.0", "48.26"),
        ("qmf-table-3", "FOOD101", "Ours", "eps=10.0", "0.735"),
        ("qmf-table-4", "NYU Depth V2", "no UAW + no L_reg", "eps=10.0", "59.62"),
        ("qmf-table-5", "SUN RGB-D", "Late fusion", "eps=10.0", "47.48"),
        ("qmf-table-6", "FOOD101", "Ours (QMF)", "eps=10.0", "61.60"),
    ],
)
def test_numbers_are_those_of_the_paper(name, dataset, method, condition, value):
    rows = [row for row in resolve(CARDS[name])() if (row["dataset"], row["method"]) == (dataset, method)]
    assert value in [row["value"] for row in rows if row["condition"].endswith(condition)]
