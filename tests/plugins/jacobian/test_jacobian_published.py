"""The paper's tables."""

from __future__ import annotations

import pytest

from brownout_jacobian.plugin import brownout_published
from brownout_registry import resolve

CARDS = brownout_published()
ROWS = {f"jacobian-table-{number}": rows for number, rows in enumerate([130, 130, 130, 130, 90, 130, 150, 150], 1)}
KEYS = ["paper", "table", "dataset", "method", "condition", "metric", "value", "std", "note"]


@pytest.mark.parametrize("card", CARDS, ids=lambda card: card.name)
def test_a_table_is_whole(card):
    table, rows = resolve(card)(), ROWS[card.name]
    number = card.name.removeprefix("jacobian-table-")
    assert len(table) == rows
    assert all(list(row) == KEYS and (row["paper"], row["table"]) == ("000", number) for row in table)
    assert all(0 <= float(row["value"]) <= 100 and row["metric"] == "accuracy %" for row in table)
    assert len({(row["method"], row["condition"]) for row in table}) == rows
    dataset, _, perturbed = card.summary.partition("accuracy on ")[2].partition(",")
    assert {row["dataset"].partition("-100")[0] for row in table} == {dataset.partition(" ")[0]}
    which = "both" if "both" in perturbed else perturbed.split()[0]
    assert all(row["condition"].startswith(which) for row in table)


def test_numbers_are_those_of_the_paper():
    found = {(row["method"], row["condition"].rpartition(": ")[2]): row["value"] for row in resolve(CARDS[0])()}
    assert found["MM(0,1) Stat-w/", "gaussian w0=1.0"] == "84.5"
    assert found["MM(0,1) Stat-w/o", "clean"] == "93.6"
