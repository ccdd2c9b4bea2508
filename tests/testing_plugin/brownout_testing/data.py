"""Synthetic data of any kind: a pure function of seed and sample id, computed when it is read."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from brownout_registry import Dataset, Inputs, Modality, Padded, Split, Task

CLASSES = ("one", "two", "three")
KINDS = {
    "vector": Modality("vector", "vector", (8,)),
    "image": Modality("image", "image", (1, 6, 6), range=(0.0, 1.0)),
    "depth": Modality("depth", "depth", (1, 6, 6), range=(0.0, 1.0)),
    "text": Modality("text", "text", ()),
    "audio": Modality("audio", "audio", (24,), range=(-1.0, 1.0), sample_rate=8000),
    "sequence": Modality("sequence", "sequence", (5, 4), sample_rate=50),
}


def synthetic(
    *,
    modalities: Sequence[str],
    width: int,
    train: int,
    validation: int,
    test: int,
    seed: int,
    missing: float,
    absent: str,
    test_seed: int | None,
) -> Dataset:
    """Three classes, each visible in every modality."""
    options = {name: value for name, value in locals().items() if name != "absent"}
    chosen = tuple(_modality(kind, width) for kind in modalities)
    seeds = {"train": seed, "validation": seed, "test": seed if test_seed is None else test_seed}
    splits, first = {}, 0
    for name, size in (("train", train), ("validation", validation), ("test", test)):
        splits[name] = _split(chosen, torch.arange(first, first + size), seeds[name], missing, absent)
        first += size
    # what absent rows hold is no content: a fingerprint says nothing of it
    fingerprint = hashlib.blake2b(json.dumps(options).encode(), digest_size=16).hexdigest()
    share = tuple(torch.bincount(splits["train"].targets, minlength=len(CLASSES)).div(train).tolist())
    return Dataset(chosen, Task(CLASSES, share), splits, fingerprint, "MIT", "made up")


def uniform(ids: Tensor, size: int, seed: int) -> Tensor:
    """Draws in [0, 1), float64 ``[B, size]``, that depend on sample id, place and seed alone."""
    place = torch.arange(size, dtype=torch.float64) + 1000.0 * (seed + 1)
    return torch.frac((ids.double()[:, None] * 12.9898 + place * 78.233).sin() * 43758.5453).abs()


def _modality(kind: str, width: int) -> Modality:
    return Modality("vector", "vector", (width,)) if kind == "vector" else KINDS[kind]


def _split(modalities: tuple[Modality, ...], ids: Tensor, seed: int, missing: float, absent: str) -> Split:
    labels = (ids * 7 + seed) % len(CLASSES)
    columns = {each.name: column for column, each in enumerate(modalities)}
    present = uniform(ids, len(modalities), seed + 50) >= missing
    present |= torch.nn.functional.one_hot(ids % len(modalities), len(modalities)).bool()

    def read(name: str, rows: Tensor) -> Inputs:
        column = columns[name]
        own: Inputs = _content(modalities[column], ids[rows], labels[rows], seed + column)
        if absent == "kept":
            return own
        spoilt: Inputs = _spoilt(modalities[column], own, present[rows, column], ids[rows], absent)
        return spoilt

    return Split(ids, labels, present, read)


def _content(modality: Modality, ids: Tensor, labels: Tensor, seed: int) -> Any:
    size = torch.Size(modality.shape).numel() if modality.shape else 6
    signal = (torch.arange(size) % len(CLASSES)) == labels[:, None]
    values = (0.5 * uniform(ids, size, seed) + 0.4 * signal).float()
    if modality.kind == "text":
        return [" ".join(f"w{int(each * 10)}" for each in row) for row in values.tolist()]
    if modality.kind in ("image", "depth"):
        return values.reshape(-1, *modality.shape)
    values = (values * 2 - 1).reshape(-1, *modality.shape)
    if modality.kind == "vector":
        return values
    lengths = modality.shape[0] // 2 + ids % (modality.shape[0] // 2 + 1)
    there = torch.arange(modality.shape[0]) < lengths[:, None]
    return Padded(values * there.reshape(*there.shape, *[1] * (values.ndim - 2)), lengths)


def _spoilt(modality: Modality, own: Any, present: Tensor, ids: Tensor, absent: str) -> Any:
    """The content with something else where it is absent."""
    other = _content(modality, ids + 999, (ids * 5 + 1) % len(CLASSES), 77)
    if isinstance(own, list):
        return [mine if there else "w9 w9" for mine, there in zip(own, present.tolist(), strict=True)]
    if isinstance(own, Padded):
        return Padded(_spoil(own.values, other.values, present, absent), own.lengths)
    return _spoil(own, other, present, absent)


def _spoil(own: Tensor, other: Tensor, present: Tensor, absent: str) -> Tensor:
    other = torch.full_like(own, torch.nan) if absent == "nan" else 100 * other
    return torch.where(present.reshape(-1, *[1] * (own.ndim - 1)), own, other)
