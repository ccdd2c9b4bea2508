"""Accuracy, recall and F1 from the confusion matrix."""

from __future__ import annotations

import numpy as np

from brownout_metrics.predictions import confusion
from brownout_registry import Stored


def accuracy(stored: Stored) -> float:
    """Share of samples (or pixels) whose largest logit is the target's (WA).

    Raises:
        UsageError: see `brownout_metrics.predictions.blocks`.

    Example:
        >>> accuracy(_example())
        0.75
    """
    table = confusion(stored)
    return float(np.trace(table) / table.sum())


def unweighted_accuracy(stored: Stored) -> float:
    """Mean recall over the classes that occur among the targets (UA, balanced accuracy).

    Raises:
        UsageError: see `brownout_metrics.predictions.blocks`.

    Example:
        >>> round(unweighted_accuracy(_example()), 4)
        0.8333
    """
    table = confusion(stored)
    total = table.sum(axis=1)
    occurs = total > 0
    return float((np.diag(table)[occurs] / total[occurs]).mean())


def macro_f1(stored: Stored) -> float:
    """Mean over classes of ``F1 = 2 TP / (2 TP + FP + FN)``.

    Averaged over the classes that occur among targets or predictions (scikit-learn's convention): one
    that is predicted but never true counts as 0, one that is neither does not count.

    Raises:
        UsageError: see `brownout_metrics.predictions.blocks`.

    Example:
        >>> round(macro_f1(_example()), 4)
        0.7333
    """
    table = confusion(stored)
    sizes = table.sum(axis=0) + table.sum(axis=1)
    occurs = sizes > 0
    return float((2 * np.diag(table)[occurs] / sizes[occurs]).mean())


def _example() -> Stored:
    """Targets 0, 0, 0, 1; predictions 0, 0, 1, 1; a third class that never occurs."""
    logits = np.array([[2, 0, 0], [3, 1, 0], [0, 1, 0], [0, 4, 1]], np.float32)
    present = np.ones((4, 1), bool)
    return Stored(np.arange(4), np.array([0, 0, 0, 1]), logits, present, ("all",))
