"""Checks as a table: what a check does is imported when it runs, so that collecting them imports no torch."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from importlib import import_module

from brownout.conformance.cards import card_checks
from brownout.conformance.kit import Check, Subject

DEMANDS = "brownout.conformance.demands"


def late_checks(kind: str, demands: Mapping[str, Mapping[str, str]]) -> tuple[Check, ...]:
    """The checks of every card, then those of the table.

    Args:
        kind: of component.
        demands: a module of `brownout.conformance.demands` to the names and summaries of its checks; the check
            ``batch-of-one`` is its function ``batch_of_one(subject)``.

    Example:
        >>> [check.name for check in late_checks("metric", {"metrics": {"is-pure": "the same twice"}})]
        ['card-complete', 'import-without-torch', 'is-pure']
    """
    table = [(module, *check) for module, checks in demands.items() for check in checks.items()]
    late = (Check(name, kind, summary, partial(_run, module, name)) for module, name, summary in table)
    return (*card_checks(kind), *late)


def _run(module: str, name: str, subject: Subject) -> None:
    getattr(import_module(f"{DEMANDS}.{module}"), name.replace("-", "_"))(subject)
