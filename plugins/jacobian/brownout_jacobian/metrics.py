"""Metrics of the fusion's diagnostics (its option ``diagnostics``); NaN where a method does not give them."""

from __future__ import annotations

from math import nan

import numpy as np

from brownout_registry import Stored, UsageError, unknown

PREFIX = "sensitivity."


def sensitivity(stored: Stored, *, modality: str = "max") -> float:
    r"""Mean of $\|J W_a W_A\|_F$ over the samples in which the modality is present.

    Args:
        stored: with diagnostics ``sensitivity.NAME``.
        modality: one that is regularised, or ``max``: in each sample the largest of those present.

    Returns:
        NaN where nothing was regularised or is present.

    Raises:
        UsageError: no modality of that name.

    Example:
        >>> found = {"sensitivity.a": np.array([0.5, 0.25]), "sensitivity.b": np.array([0.0, 0.75])}
        >>> there = np.array([[True, False], [True, True]])
        >>> stored = Stored(np.arange(2), np.zeros(2, int), np.zeros((2, 3)), there, ("a", "b"), diagnostics=found)
        >>> sensitivity(stored), sensitivity(stored, modality="a"), sensitivity(stored, modality="b")
        (0.625, 0.375, 0.75)
    """
    if modality != "max" and modality not in stored.modalities:
        answer = unknown("modality", modality, ("max", *stored.modalities))
        raise UsageError(f"metric 'jacobian-sensitivity', option 'modality': {answer}")
    wanted = stored.modalities if modality == "max" else (modality,)
    names = [name for name in wanted if PREFIX + name in stored.diagnostics]
    if not names:
        return nan
    values = np.stack([stored.diagnostics[PREFIX + name] for name in names], axis=1)
    there = stored.present[:, [stored.modalities.index(name) for name in names]]
    there = np.broadcast_to(there.reshape(*there.shape, *[1] * (values.ndim - 2)), values.shape)
    largest = np.where(there, values, 0).max(axis=1)
    return _mean(largest, _counted(stored) & there.any(axis=1))


def theorem_bound(stored: Stored) -> float:
    r"""The bound of theorem 1, $\sqrt{\gamma K / (2 (1 - \gamma))}$; infinite at $\gamma = 1$.

    Example:
        >>> found = {"bound": np.array([0.75, 0.75])}
        >>> there = np.zeros((2, 0), bool)
        >>> theorem_bound(Stored(np.arange(2), np.zeros(2, int), np.zeros((2, 3)), there, (), diagnostics=found))
        0.75
    """
    return float(stored.diagnostics["bound"].max()) if "bound" in stored.diagnostics and len(stored.ids) else nan


def changed_predictions(stored: Stored) -> float:
    """Share of samples whose predicted class is not that of plain statistical fusion.

    Example:
        >>> changed = {"changed": np.array([1.0, 0.0, 0.0, 1.0])}
        >>> there = np.zeros((4, 0), bool)
        >>> stored = Stored(np.arange(4), np.zeros(4, int), np.zeros((4, 3)), there, (), diagnostics=changed)
        >>> changed_predictions(stored)
        0.5
    """
    if "changed" not in stored.diagnostics:
        return nan
    return _mean(stored.diagnostics["changed"], _counted(stored))


def _counted(stored: Stored) -> np.ndarray:
    counted: np.ndarray = stored.targets != stored.ignore_label
    return counted


def _mean(values: np.ndarray, counted: np.ndarray) -> float:
    return float(values[counted].mean(dtype=np.float64)) if counted.any() else nan
