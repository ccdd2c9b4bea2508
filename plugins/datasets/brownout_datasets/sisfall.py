"""SisFall: movements and falls seen by three sensors, from a folder."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from brownout_datasets.archive import archive_path, open_archive
from brownout_datasets.choice import choose
from brownout_datasets.columns import Array, Dense, Steps
from brownout_datasets.folder_cards import SUCERQUIA
from brownout_datasets.holdout import hold_out
from brownout_datasets.in_memory import from_columns
from brownout_registry import SPLITS, Dataset, Modality

SOURCE = "SisFall: A Fall and Movement Dataset (Sucerquia et al., Sensors 2017, doi:10.3390/s17010198)"
COUNTS: Mapping[str, float] = {"accel1": 256, "gyro": 16.384, "accel2": 1024}
"""Counts of each sensor's converter per g, degree per second, g."""


def sisfall(
    root: str | None = None, sensors: Sequence[str | int] = tuple(COUNTS), validation: float = 0.1, seed: int = 0
) -> Dataset:
    """3900 windows of six seconds (300 steps at 50 Hz) from 23 adults: 19 daily activities and 15 falls.

    The sensors: ``accel1`` (ADXL345, in g), ``gyro`` (ITG3200, in degrees per second) and ``accel2`` (MMA8451Q,
    in g), each with three axes. Both accelerometers sit in one box at the waist, so they hold nearly the same.

    Nobody is in two splits: test are subjects 19 to 23, validation takes whole subjects out of the other 18. The
    classes are the set's own codes, ``D01`` to ``D19`` and ``F01`` to ``F15``. A sample's id is its row in the file.

    Args:
        root: folder of ``sisfall.npz`` (the sensors as counts ``[N, 300, 3]``, ``label``, ``subject``, ``split`` 0
            for train and 1 for test, ``classes``, ``sample_rate``); by default ``$BROWNOUT_DATA/sisfall``, without
            that variable ``../shared/data/sisfall``.
        sensors: which to keep, by name or by place from 0, in this order.
        validation: share of the training subjects held out (0.1: two of them).
        seed: of the validation split.

    Raises:
        UsageError: the file is absent or damaged, an unknown sensor, one named twice or none, or a share out of range.
    """
    kept = choose("sisfall", "sensors", sensors, COUNTS)
    with open_archive("sisfall", archive_path("sisfall", "sisfall", root, "sisfall.npz", SOURCE)) as stored:
        counts = {name: stored[name] for name in kept}
        targets, subjects, own_split = stored["label"].astype(np.int64), stored["subject"], stored["split"]
        classes, rate = [str(name) for name in stored["classes"]], int(stored["sample_rate"])
    assignment = np.where(own_split == 0, SPLITS.index("train"), SPLITS.index("test"))
    train = np.flatnonzero(own_split == 0)
    assignment[train] = _by_subject(subjects[train], validation, seed)
    return from_columns(
        {
            Modality(name, "sequence", values.shape[1:], sample_rate=rate): Steps(
                Dense(values, divisor=COUNTS[name]), np.full(len(values), values.shape[1])
            )
            for name, values in counts.items()
        },
        targets,
        classes,
        assignment,
        licence="not stated by the authors",
        citation=SUCERQUIA.bibtex,
    )


def _by_subject(subjects: Array, validation: float, seed: int) -> Array:
    """The position in ``SPLITS`` of each sample's split: every subject counts once, however many samples there are."""
    people, member = np.unique(subjects, return_inverse=True)
    return hold_out(people, np.zeros(len(people), int), {"validation": validation}, seed)[member]
