"""Stored predictions as flat rows: one target and K logits for each sample, or for each pixel.

Targets equal to the ignore label are left out. Rows come in blocks, so that dense logits are never held
twice in double precision.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

from brownout_registry import Stored, UsageError

BLOCK = 2**22
"""About how many logits a block holds."""


def blocks(stored: Stored) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Targets int64 ``[n]`` and logits float64 ``[n, K]``, block by block.

    Raises:
        UsageError: logits that are not finite (says of how many samples), a target outside 0..K-1, or
            nothing to score.
    """
    _check(stored)
    classes = stored.logits.shape[1]
    step = max(1, BLOCK // stored.logits[0].size)
    for start in range(0, len(stored.logits), step):
        targets = stored.targets[start : start + step].reshape(-1)
        logits = np.moveaxis(stored.logits[start : start + step], 1, -1).reshape(-1, classes)
        counted = targets != stored.ignore_label
        yield targets[counted], logits[counted].astype(np.float64)


def rowwise(stored: Stored, function: Callable[[np.ndarray, np.ndarray], np.ndarray]) -> np.ndarray:
    """``function(targets, logits)`` of every row, ``[n, ...]`` over all blocks."""
    return np.concatenate([function(targets, logits) for targets, logits in blocks(stored)])


def confusion(stored: Stored) -> np.ndarray:
    """int64 ``[K, K]``: rows with target i (row) and prediction j (column)."""
    classes = stored.logits.shape[1]
    cells = rowwise(stored, lambda targets, logits: targets * classes + logits.argmax(1))
    return np.bincount(cells, minlength=classes**2).reshape(classes, classes)


def _check(stored: Stored) -> None:
    logits, targets = stored.logits, stored.targets
    counted = targets[targets != stored.ignore_label]
    if not counted.size:
        raise UsageError("there is no target to score: every one carries the ignore label, or there are no samples")
    rest = tuple(range(1, logits.ndim))
    broken = np.count_nonzero(~(np.isfinite(logits.min(rest)) & np.isfinite(logits.max(rest))))
    if broken:
        raise UsageError(f"logits of {broken} of {len(logits)} samples are not finite")
    if counted.min() < 0 or counted.max() >= logits.shape[1]:
        raise UsageError(f"targets go from {counted.min()} to {counted.max()}, expected 0 to {logits.shape[1] - 1}")
