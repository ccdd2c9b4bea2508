"""Datasets, checked before anything is computed on them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import torch
from torch import Tensor

from brownout.engine.components import Component
from brownout.engine.files import write_atomically
from brownout.engine.inputs import blank_absent, first_bad_row, real_steps
from brownout_registry import SPLITS, Dataset, Inputs, Modality, Split, Task, UsageError

CHUNK = 1024
SCALE_SAMPLES = 4096


def build_dataset(component: Component) -> Dataset:
    """Build a dataset and check what is cheap to check.

    Raises:
        UsageError: names the dataset, the split and the sample.
    """
    dataset: Dataset = component.build()
    for name in SPLITS:
        if name not in dataset.splits or len(dataset.splits[name]) == 0:
            raise UsageError(f"{component.name}: split {name!r} is empty")
        _check_targets(component.name, name, dataset.splits[name], dataset.task)
    _check_classes(component.name, dataset)
    _check_presence(component.name, dataset)
    scaled = tuple(_with_scale(dataset, column) for column in range(len(dataset.modalities)))
    return replace(dataset, modalities=scaled)


def check_inputs(component: Component, dataset: Dataset, checked: Path, *, remember: bool = True) -> None:
    """Read every present input once and refuse NaN and infinity.

    Args:
        component: the dataset's.
        dataset: what to read.
        checked: folder that remembers which data were read and found finite.
        remember: add this dataset to it.

    Raises:
        UsageError: names the modality, the split and the sample id.
    """
    mark = checked / dataset.fingerprint
    if mark.is_file():
        return
    for name, split in dataset.splits.items():
        for rows in chunks(len(split), CHUNK):
            for modality in dataset.modalities:
                bad = first_bad_row(read(dataset, split, modality.name, rows))
                if bad is not None:
                    sample = int(split.ids[rows[bad]])
                    raise UsageError(
                        f"dataset: {component.name}: modality {modality.name!r} of sample {sample} ({name}) holds "
                        "NaN or infinite values; repair it, or mark the modality as absent there"
                    )
    if remember:
        checked.mkdir(parents=True, exist_ok=True)
        write_atomically(mark, component.name)


def read(dataset: Dataset, split: Split, modality: str, rows: Tensor) -> Inputs:
    """Canonical inputs of some rows, with the zero input where the modality is absent by nature."""
    column = [each.name for each in dataset.modalities].index(modality)
    inputs: Inputs = blank_absent(split.read(modality, rows), split.present[rows, column])
    return inputs


def chunks(size: int, chunk: int) -> Iterator[Tensor]:
    """Row numbers 0 .. size - 1 in consecutive pieces."""
    yield from torch.arange(size).split(chunk)


def _with_scale(dataset: Dataset, column: int) -> Modality:
    """A vector or sequence with the standard deviation of its entries over at most 4,096 training samples."""
    modality, train = dataset.modalities[column], dataset.splits["train"]
    if modality.kind not in ("vector", "sequence") or modality.scale is not None:
        return modality
    inputs = train.read(modality.name, train.present[:, column].nonzero().squeeze(1)[:SCALE_SAMPLES])
    steps = real_steps(inputs)
    return replace(modality, scale=tuple(steps.double().std(0, correction=0).nan_to_num(0.0).tolist()))


def _check_targets(dataset: str, name: str, split: Split, task: Task) -> None:
    targets, classes = split.targets, len(task.classes)
    wrong = ((targets < 0) | (targets >= classes)) & (targets != task.ignore_label)
    if bool(wrong.any()):
        row = int(wrong.reshape(len(targets), -1).any(1).nonzero()[0])
        label = int(targets[row][wrong[row]].reshape(-1)[0])
        raise UsageError(
            f"{dataset}: label {label} of sample {int(split.ids[row])} ({name}) is out of range; "
            f"there are {classes} classes, 0 to {classes - 1}"
        )


def _check_classes(name: str, dataset: Dataset) -> None:
    known = set(dataset.splits["train"].targets.unique().tolist())
    for split in ("validation", "test"):
        new = set(dataset.splits[split].targets.unique().tolist()) - known - {dataset.task.ignore_label}
        if new:
            labels = ", ".join(repr(dataset.task.classes[label]) for label in sorted(new))
            raise UsageError(f"{name}: split {split!r} has classes that train does not have: {labels}")


def _check_presence(name: str, dataset: Dataset) -> None:
    for split, content in dataset.splits.items():
        for column, modality in enumerate(dataset.modalities):
            if not bool(content.present[:, column].any()):
                raise UsageError(f"{name}: every sample of split {split!r} lacks modality {modality.name!r}")
