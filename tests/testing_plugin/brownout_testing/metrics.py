"""Metrics."""

from __future__ import annotations

from brownout_registry import Stored


def samples(stored: Stored) -> float:
    """How many samples there are."""
    return float(len(stored.ids))


def largest(stored: Stored) -> float:
    """Mean of the fusion ``tokens``' diagnostic."""
    return float(stored.diagnostics["largest.part"].mean())


def sour(stored: Stored) -> float:
    """Always raises."""
    raise ArithmeticError("sour")
