"""Tables of papers, as ``run.json`` keeps them for the report."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from brownout.engine.components import bind
from brownout.engine.faults import located
from brownout.suite.schema import PublishedUse
from brownout_registry import UsageError, resolve, unknown

KEPT = ("dataset", "method", "condition", "metric", "value", "std", "note")


def published(uses: Iterable[PublishedUse]) -> list[dict[str, Any]]:
    """Each table with its source and the rows that a suite asks for.

    Raises:
        UsageError: no such table, or a data set or metric that is not in it.
    """
    found = []
    for place, use in enumerate(uses):
        with located(f"published[{place}]"):
            card = bind("published", use.use, use.options).card
            rows = [{key: str(row.get(key) or "") for key in KEPT} for row in resolve(card)()]
            for key in ("dataset", "metric"):
                rows = _only(rows, key, getattr(use, key))
            paper = f"{card.paper.title} ({card.paper.year})" if card.paper else ""
            found.append({"name": card.name, "summary": card.summary, "paper": paper, "rows": rows})
    return found


def _only(rows: list[dict[str, str]], key: str, wanted: str | None) -> list[dict[str, str]]:
    if wanted is None:
        return rows
    if not (kept := [row for row in rows if row[key] == wanted]):
        raise UsageError(unknown(key, wanted, _values(rows, key)))
    return kept


def _values(rows: Iterable[Mapping[str, str]], key: str) -> set[str]:
    return {row[key] for row in rows}
