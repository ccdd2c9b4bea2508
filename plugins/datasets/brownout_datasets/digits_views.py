"""Views of handwritten digits: as many modalities as one likes, with no file from anywhere."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from brownout_datasets.choice import choose
from brownout_datasets.columns import Array, Dense
from brownout_datasets.holdout import hold_out
from brownout_datasets.in_memory import from_columns
from brownout_registry import Dataset, Kind, Modality

CITATION = """@misc{alpaydin1998digits,
  title = {Optical Recognition of Handwritten Digits},
  author = {Alpaydin, E. and Kaynak, C.},
  year = {1998},
  howpublished = {UCI Machine Learning Repository},
  doi = {10.24432/C50P49}
}"""


@dataclass(frozen=True)
class View:
    """One way to look at pictures ``[N, 8, 8]`` in [0, 1]."""

    kind: Kind
    shape: tuple[int, ...]
    of: Callable[[Array], Array]


def profiles(pictures: Array) -> Array:
    """Mean ink of the eight rows, then of the eight columns: ``[N, 8, 8]`` to ``[N, 16]``.

    Example:
        >>> profiles(np.eye(8)[None]).tolist() == [[1 / 8] * 16]
        True
    """
    return np.concatenate([pictures.mean(2), pictures.mean(1)], axis=1)


def frequency(pictures: Array) -> Array:
    """The 4 × 4 lowest coefficients of the orthonormal DCT-II, ``[N, 8, 8]`` to ``[N, 16]``: C X C'.

    Rounded to four decimals, so that coefficients that vanish do so on every machine.

    Example:
        >>> frequency(np.ones((1, 8, 8)))[0, :3].tolist()
        [8.0, 0.0, 0.0]
    """
    k, n = np.arange(4)[:, None], np.arange(8)
    basis: Array = np.sqrt(np.where(k == 0, 1, 2) / 8) * np.cos(np.pi * k * (2 * n + 1) / 16)
    coefficients: Array = basis @ pictures @ basis.T
    return coefficients.reshape(-1, 16).round(4) + 0.0


VIEWS: Mapping[str, View] = {
    "picture": View("image", (1, 8, 8), lambda pictures: pictures[:, None]),
    "pixels": View("vector", (64,), lambda pictures: pictures.reshape(-1, 64)),
    "profiles": View("vector", (16,), profiles),
    "frequency": View("vector", (16,), frequency),
    "top": View("vector", (32,), lambda pictures: pictures[:, :4].reshape(-1, 32)),
    "bottom": View("vector", (32,), lambda pictures: pictures[:, 4:].reshape(-1, 32)),
}


def digits_views(
    views: Sequence[str] = ("pixels", "profiles", "frequency"),
    test: float = 0.2,
    validation: float = 0.1,
    seed: int = 0,
) -> Dataset:
    """scikit-learn's 1797 digits of 8 × 8 pixels, each view a modality.

    Args:
        views: which of ``VIEWS``, in this order.
        test: share of the samples for the test split.
        validation: share of the samples for the validation split.
        seed: of the split.

    Example:
        >>> [(modality.name, modality.kind) for modality in digits_views(views=["picture", "top"]).modalities]
        [('picture', 'image'), ('top', 'vector')]

    Raises:
        UsageError: an unknown view, one named twice or none, or a share out of range.
    """
    from sklearn.datasets import load_digits

    chosen = choose("digits-views", "views", views, VIEWS)
    digits = load_digits()
    pictures, targets = digits.images / 16, digits.target.astype(np.int64)
    return from_columns(
        {_modality(name): Dense(VIEWS[name].of(pictures).astype(np.float32)) for name in chosen},
        targets,
        [str(digit) for digit in range(10)],
        hold_out(np.arange(len(targets)), targets, {"validation": validation, "test": test}, seed),
        licence="CC BY 4.0",
        citation=CITATION,
    )


def _modality(name: str) -> Modality:
    view = VIEWS[name]
    return Modality(name, view.kind, view.shape, range=(0.0, 1.0) if view.kind == "image" else None)
