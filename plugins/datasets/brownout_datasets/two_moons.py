"""Two moons: one coordinate is one modality."""

from __future__ import annotations

import numpy as np

from brownout_datasets.columns import Dense
from brownout_datasets.holdout import hold_out
from brownout_datasets.in_memory import from_columns
from brownout_registry import Dataset, Modality, UsageError


def two_moons(
    samples: int = 2000, noise: float = 0.1, seed: int = 0, test: float = 0.2, validation: float = 0.1
) -> Dataset:
    """Two interleaved half circles; the modality ``x`` is the abscissa, ``y`` the ordinate.

    The example of "Training-Free Robust Multimodal Learning via Sample-Wise Jacobian Regularization" (section 3,
    figure 3), which states neither the number of points nor their noise.

    Args:
        samples: how many points.
        noise: standard deviation of the Gaussian noise on the points.
        seed: of the points and of the split.
        test: share of the samples for the test split.
        validation: share of the samples for the validation split.

    Example:
        >>> data = two_moons(samples=100)
        >>> [modality.name for modality in data.modalities], len(data.splits["test"])
        (['x', 'y'], 20)

    Raises:
        UsageError: fewer than two points, negative noise, or a share out of range.
    """
    from sklearn.datasets import make_moons

    if samples < 2 or noise < 0:
        raise UsageError(f"two-moons: samples is {samples}, noise {noise}; expected at least 2, and at least 0")
    points, targets = make_moons(samples, noise=noise, random_state=seed)
    points = points.astype(np.float32)
    return from_columns(
        {Modality(name, "vector", (1,)): Dense(points[:, [axis]]) for axis, name in enumerate("xy")},
        targets.astype(np.int64),
        ("upper", "lower"),
        hold_out(np.arange(samples), targets, {"validation": validation, "test": test}, seed),
        licence="none needed (generated)",
        citation="scikit-learn, make_moons",
    )
