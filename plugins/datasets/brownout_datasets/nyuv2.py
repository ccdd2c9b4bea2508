"""NYU Depth V2: indoor pictures with depth, from a folder."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise
from typing import Any, Literal

import numpy as np

from brownout_datasets.archive import archive_path, open_archive
from brownout_datasets.columns import Array, Dense
from brownout_datasets.files.pictures import Pictures
from brownout_datasets.folder_cards import SILBERMAN
from brownout_datasets.holdout import hold_out
from brownout_datasets.in_memory import from_columns
from brownout_registry import SPLITS, Dataset, Modality

SOURCE = "NYU Depth Dataset V2, labelled set (Silberman et al., ECCV 2012, doi:10.1007/978-3-642-33715-4_54)"
COUNTS_PER_METRE = 25.5
BLOCK = 4
IGNORED = -100
NYU40 = (
    *("wall", "floor", "cabinet", "bed", "chair", "sofa", "table", "door", "window", "bookshelf", "picture"),
    *("counter", "blinds", "desk", "shelves", "curtain", "dresser", "pillow", "mirror", "floor mat", "clothes"),
    *("ceiling", "books", "refrigerator", "television", "paper", "towel", "shower curtain", "box", "whiteboard"),
    *("person", "night stand", "toilet", "sink", "lamp", "bathtub", "bag", "other structure", "other furniture"),
    "other prop",
)


def nyuv2(
    root: str | None = None,
    task: Literal["scene", "segmentation"] = "scene",
    other_prop: Literal["ignore", "class"] = "ignore",
    validation: float = 0.2,
    seed: int = 0,
) -> Dataset:
    """1449 indoor pictures of 96 × 128 pixels with depth, in the official split.

    - ``scene``: which of nine kinds of room; those of another or unknown kind are left out. 532 for training (their
      kinds are inferred from neighbours in the file) and 613 for testing. The QMF paper has a tenth class, "others".
    - ``segmentation``: which of the 40 usual classes each pixel shows; 795 for training, 654 for testing. The file
      gives unlabelled pixels (the greater part) and class 40, other prop, the same number.

    Colour is in [0, 1]; depth in metres, 0 to 10, stored in steps of 4 cm (the scale is inferred from its mean).
    Validation is held out of train by kind of room, in blocks of up to four pictures that stand next to each other
    there, as those of one room do: the file says no more of rooms. A sample's id is its number in the labelled set,
    from 0.

    Args:
        root: folder of ``nyuv2.npz`` (``image_jpeg`` with ``image_offset``, ``depth``, ``seg40``, ``label``, ``split``
            0 for train and 1 for test, ``classes``); by default ``$BROWNOUT_DATA/nyuv2``, without that variable
            ``../shared/data/nyuv2``.
        task: what is predicted.
        other_prop: in segmentation, whether other prop, with unlabelled pixels, is ignored (39 classes are left) or
            is a class.
        validation: share of the training samples held out; at 0.2 every kind of room is among them.
        seed: of the validation split.

    Raises:
        UsageError: the file is absent or damaged, or a share out of range.
    """
    with open_archive("nyuv2", archive_path("nyuv2", "nyuv2", root, "nyuv2.npz", SOURCE)) as stored:
        kinds, own_split, depth = stored["label"].astype(np.int64), stored["split"], stored["depth"][:, None]
        pictures = _pictures(stored["image_jpeg"], stored["image_offset"], depth.shape[2:])
        targets, classes, used = TASKS[task](stored, other_prop == "ignore")
    assignment = np.where(own_split == 0, SPLITS.index("train"), SPLITS.index("test"))
    train = np.flatnonzero(own_split == 0)
    assignment[train] = hold_out(_blocks(train), kinds[train], {"validation": validation}, seed)
    return from_columns(
        {
            Modality("rgb", "image", (3, *depth.shape[2:]), range=(0.0, 1.0)): pictures,
            Modality("depth", "depth", depth.shape[1:], range=(0.0, 10.0)): Dense(depth, divisor=COUNTS_PER_METRE),
        },
        targets,
        classes,
        np.where(used, assignment, -1),
        ignore_label=IGNORED,
        licence="not stated where the file comes from; see the terms of NYU Depth V2",
        citation=SILBERMAN.bibtex,
    )


def _scene(stored: Mapping[str, Array], ignore: bool) -> tuple[Array, list[str], Array]:
    """Targets, class names, and which samples are used."""
    kinds = stored["label"].astype(np.int64)
    return np.maximum(kinds, 0), [str(name) for name in stored["classes"]], kinds >= 0


def _segmentation(stored: Mapping[str, Array], ignore: bool) -> tuple[Array, list[str], Array]:
    classes = list(NYU40[:-1] if ignore else NYU40)
    seen = stored["seg40"].astype(np.int16)
    return np.where(seen < len(classes), seen, np.int16(IGNORED)), classes, np.ones(len(seen), bool)


TASKS: Mapping[str, Any] = {"scene": _scene, "segmentation": _segmentation}


def _pictures(encoded: Array, offsets: Array, size: tuple[int, int]) -> Pictures:
    """The pictures of a flat store, decoded when they are read."""
    edges = offsets.tolist()
    files = [encoded[start:end].tobytes() for start, end in pairwise(edges)]
    return Pictures(files, size, channels=3, divisor=255, nearest=False, where="nyuv2")


def _blocks(numbers: Array) -> Array:
    """The first number of each number's block: up to ``BLOCK`` consecutive ones.

    Example:
        >>> _blocks(np.array([2, 3, 4, 5, 6, 9]))
        array([2, 2, 2, 2, 6, 9])
    """
    begins = np.flatnonzero(np.diff(numbers, prepend=-2) > 1)
    begin = begins[np.searchsorted(begins, np.arange(len(numbers)), side="right") - 1]
    place = np.arange(len(numbers)) - begin
    return numbers[begin + place // BLOCK * BLOCK]
