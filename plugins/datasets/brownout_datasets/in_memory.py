"""Build a dataset from columns in memory, with its fingerprint: what every dataset of this plugin ends with."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from hashlib import blake2b
from typing import Any

import numpy as np
import torch

from brownout_datasets.columns import Array, Column, array_content
from brownout_registry import SPLITS, Dataset, Modality, Split, Task


def from_columns(
    columns: Mapping[Modality, Column],
    targets: Array,
    classes: Sequence[str],
    assignment: Array,
    *,
    ids: Array | None = None,
    present: Array | None = None,
    ignore_label: int = -100,
    licence: str = "unknown",
    citation: str = "",
) -> Dataset:
    """The dataset of N samples in memory.

    Args:
        columns: each modality with its column, in the dataset's order.
        targets: int64 ``[N]``, or ``[N, H, W]`` for dense prediction.
        classes: the K class names.
        assignment: int ``[N]``, the position of each sample's split in ``SPLITS``; -1 leaves the sample out.
        ids: int64 ``[N]``, unique; the row number if None.
        present: bool ``[N, V]``; all there if None.
        ignore_label: label that does not count.
        licence: of the data.
        citation: of the data.

    Example:
        >>> from brownout_datasets.columns import Dense
        >>> values = Dense(np.arange(6.0).reshape(3, 2))
        >>> data = from_columns({Modality("a", "vector", (2,)): values}, np.array([0, 1, 0]), "xy", np.array([0, 0, 2]))
        >>> data.task.frequencies, data.splits["test"].read("a", torch.tensor([0]))
        ((0.5, 0.5), tensor([[4., 5.]]))
    """
    ids = np.arange(len(targets)) if ids is None else ids
    present = np.ones((len(targets), len(columns)), bool) if present is None else present
    dense = targets.ndim > 1
    return Dataset(
        modalities=tuple(columns),
        task=Task(
            tuple(classes),
            class_frequencies(targets[assignment == 0], len(classes)),
            "dense" if dense else "classification",
            ignore_label,
        ),
        splits={
            name: _split(columns, targets, ids, present, np.flatnonzero(assignment == position))
            for position, name in enumerate(SPLITS)
        },
        fingerprint=fingerprint(columns, (targets, ids, present, assignment)),
        licence=licence,
        citation=citation,
    )


def class_frequencies(targets: Array, classes: int) -> tuple[float, ...]:
    """Relative class frequencies; labels outside of 0 ... K - 1 are not counted.

    Example:
        >>> class_frequencies(np.array([0, 1, 1, 1, -100]), 2)
        (0.25, 0.75)
    """
    counts = np.bincount(targets[(targets >= 0) & (targets < classes)], minlength=classes)
    return tuple((counts / max(counts.sum(), 1)).tolist())


def fingerprint(columns: Mapping[Modality, Column], arrays: Iterable[Array]) -> str:
    """Blake2b of modalities, inputs and ``arrays`` (targets, ids, presence, splits): the same on every machine."""
    digest = blake2b(digest_size=20)
    for modality, column in columns.items():
        facts = (modality.name, modality.kind, modality.shape, modality.range, modality.sample_rate)
        _update(digest, (repr(facts).encode(), *column.content()))
    for array in arrays:
        _update(digest, array_content(array))
    return digest.hexdigest()


def _update(digest: Any, parts: Iterable[bytes]) -> None:
    """Add parts with their lengths, so that no two lists of parts read alike."""
    for part in parts:
        digest.update(len(part).to_bytes(8, "little"))
        digest.update(part)


def _split(columns: Mapping[Modality, Column], targets: Array, ids: Array, present: Array, members: Array) -> Split:
    by_name = {modality.name: column for modality, column in columns.items()}
    return Split(
        ids=torch.from_numpy(ids[members].astype(np.int64)),
        targets=torch.from_numpy(targets[members].astype(np.int64)),
        present=torch.from_numpy(present[members]),
        read=lambda name, rows: by_name[name].read(members[rows.numpy()]),
    )
