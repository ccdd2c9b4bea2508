"""Metrics."""

from __future__ import annotations

from brownout_registry import Stored


def samples(stored: Stored) -> float:
    """How many samples there are."""
    return float(len(stored.ids))


def sour(stored: Stored) -> float:
    """Always raises."""
    raise ArithmeticError("sour")
