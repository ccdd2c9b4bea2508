"""Scores of a cell, from its stored predictions alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from brownout.engine.components import Component
from brownout.engine.faults import raise_if_nobodys, reason
from brownout_registry import Stored, UsageError, resolve

Metrics = Sequence[tuple[str, Component]]
Scores = dict[str, dict[str, Any]]


def score(stored: Stored, metrics: Metrics) -> Scores:
    """Every metric of a cell, as its record keeps them.

    Returns:
        ``scores``: values, None where a metric is undefined, fails or needs what the method does not give.
        ``scored_by``: the hash of each metric's source, for those that did not fail.
        ``unscored``: the reason of each metric that failed; it costs no prediction.
    """
    found: Scores = {"scores": {}, "scored_by": {}, "unscored": {}}
    for name, metric in metrics:
        try:
            found["scores"][name] = _value(stored, metric)
            found["scored_by"][name] = metric.source
        except Exception as error:  # noqa: BLE001  a metric may fail in any way, and costs itself only
            raise_if_nobodys(error)
            found["scores"][name] = None
            found["unscored"][name] = reason(error)
    return found


def refusal(stored: Stored, metric: Component) -> str:
    """What a metric refuses a cell for; empty where it does not, even if it fails otherwise."""
    try:
        _value(stored, metric)
    except UsageError as error:
        return str(error)
    except Exception as error:  # noqa: BLE001  what fails is told when it is scored
        raise_if_nobodys(error)
    return ""


def stale(record: Mapping[str, Any], metrics: Metrics) -> Metrics:
    """The metrics that a finished cell was not scored under as they are now."""
    return [(name, metric) for name, metric in metrics if record.get("scored_by", {}).get(name) != metric.source]


def merged(record: Mapping[str, Any], new: Scores) -> dict[str, Any]:
    """A finished cell's record with new scores."""
    unscored = {name: why for name, why in record.get("unscored", {}).items() if name not in new["scores"]}
    both = {key: {**record.get(key, {}), **new[key]} for key in ("scores", "scored_by")}
    return {**record, **both, "unscored": {**unscored, **new["unscored"]}}


def _value(stored: Stored, metric: Component) -> float | None:
    if any(not _given(getattr(stored, need)) for need in getattr(metric.card, "needs", ())):
        return None
    value = float(resolve(metric.card)(stored, **metric.bound))
    return value if np.isfinite(value) else None


def _given(field: Any) -> bool:
    return field is not None and (not isinstance(field, Mapping) or bool(field))
