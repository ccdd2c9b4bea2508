"""Handwritten numerals in six views (UCI Multiple Features), from a folder."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from brownout_datasets.archive import archive_path, open_archive
from brownout_datasets.choice import choose
from brownout_datasets.columns import Array, Dense
from brownout_datasets.holdout import hold_out
from brownout_datasets.in_memory import from_columns
from brownout_registry import SPLITS, Dataset, Modality

CITATION = """@misc{duin1998multiple,
  title = {Multiple Features},
  author = {Duin, Robert},
  year = {1998},
  howpublished = {UCI Machine Learning Repository},
  doi = {10.24432/C5HC70}
}"""
SOURCE = "Multiple Features of the UCI Machine Learning Repository (Duin, doi:10.24432/C5HC70)"
VIEWS: Mapping[str, int] = {"pix": 240, "fou": 76, "fac": 216, "zer": 47, "kar": 64, "mor": 6}


def handwritten6(
    root: str | None = None, views: Sequence[str | int] = tuple(VIEWS), validation: float = 0.1, seed: int = 0
) -> Dataset:
    """2000 numerals in six views, each a vector on its raw scale, in the split that the TMC paper's code comes with.

    The views: ``pix`` means of 2 × 3 pixels, ``fou`` Fourier coefficients of the shape, ``fac`` profile
    correlations, ``zer`` Zernike moments, ``kar`` Karhunen-Loève coefficients, ``mor`` morphological features.

    Validation is held out of train by class, numerals that agree in all six views together. One numeral of test
    agrees with one of train; that is the split's own. A sample's id is its row in the file.

    Args:
        root: folder of ``handwritten6.npz`` (the views and ``label`` 0 to 9, ``split`` 0 for train and 1 for test);
            by default ``$BROWNOUT_DATA/handwritten6``, without that variable ``../shared/data/handwritten6``.
        views: which to keep, by name or by place from 0, in this order.
        validation: share of the training samples held out.
        seed: of the validation split.

    Raises:
        UsageError: the file is absent or damaged, an unknown view, one named twice or none, or a share out of range.
    """
    kept = choose("handwritten6", "views", views, VIEWS)
    path = archive_path("handwritten6", "handwritten6", root, "handwritten6.npz", SOURCE)
    with open_archive("handwritten6", path) as stored:
        features = {name: stored[name].astype(np.float32, copy=False) for name in VIEWS}
        targets, own_split = stored["label"].astype(np.int64), stored["split"]
    assignment = np.where(own_split == 0, SPLITS.index("train"), SPLITS.index("test"))
    train, twins = np.flatnonzero(own_split == 0), _twins(np.concatenate(list(features.values()), axis=1))
    assignment[train] = hold_out(twins[train], targets[train], {"validation": validation}, seed)
    return from_columns(
        {Modality(name, "vector", (VIEWS[name],)): Dense(features[name]) for name in kept},
        targets,
        [str(digit) for digit in range(10)],
        assignment,
        licence="not stated where the file comes from; the original is of the UCI Machine Learning Repository",
        citation=CITATION,
    )


def _twins(rows: Array) -> Array:
    """The number of the first row that equals each row."""
    _, first, kind = np.unique(rows, axis=0, return_index=True, return_inverse=True)
    return np.asarray(first[kind.reshape(-1)])
