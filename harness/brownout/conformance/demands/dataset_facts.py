"""Demands on datasets: what they state of themselves."""

from __future__ import annotations

import torch

from brownout.conformance.demands import demand
from brownout.conformance.kit import NotApplicable, Subject
from brownout_registry import KINDS, SPLITS, Dataset, Split, UsageError

DIMENSIONS = {"image": 3, "spectrogram": 3, "depth": 3, "vector": 1, "audio": 1, "sequence": 2, "text": 0}


def build(subject: Subject) -> Dataset:
    """The dataset.

    Raises:
        NotApplicable: its data are not at hand.
    """
    try:
        dataset = subject.build()
    except UsageError as reason:
        raise NotApplicable(f"its data are not at hand: {reason}") from reason
    demand(isinstance(dataset, Dataset), f"gave {type(dataset).__name__}, expected Dataset")
    assert isinstance(dataset, Dataset)
    return dataset


def builds(subject: Subject) -> None:
    """Modalities and splits."""
    dataset = build(subject)
    names = [modality.name for modality in dataset.modalities]
    demand(bool(names) and len(set(names)) == len(names), f"modalities {names}: expected names of their own")
    for modality in dataset.modalities:
        demand(
            modality.kind in KINDS, f"modality {modality.name!r} is of kind {modality.kind!r}, expected one of {KINDS}"
        )
        fits = len(modality.shape) == DIMENSIONS[modality.kind] and all(size > 0 for size in modality.shape)
        demand(fits, f"modality {modality.name!r} of kind {modality.kind} cannot have shape {modality.shape}")
    for name in SPLITS:
        demand(name in dataset.splits and len(dataset.splits[name]) > 0, f"split {name!r} has no samples")


def licence_and_citation(subject: Subject) -> None:
    """Of the data, not of the code."""
    dataset = build(subject)
    stated = dataset.licence.strip().lower() not in ("", "unknown")
    demand(stated, "the licence of the data is unknown: state it, or who says that there is none")
    demand(bool(dataset.citation.strip()), "there is no citation: BibTeX or one line")


def labels_in_range(subject: Subject) -> None:
    """In every split, of samples or of pixels."""
    dataset = build(subject)
    task, known = dataset.task, set(dataset.splits["train"].targets.unique().tolist())
    demand(len(set(task.classes)) == len(task.classes), f"classes {task.classes} are not all different")
    for name, split in dataset.splits.items():
        demand(split.targets.dtype == torch.int64, f"targets of {name} are {split.targets.dtype}, expected torch.int64")
        axes = 3 if task.kind == "dense" else 1
        shaped = split.targets.ndim == axes and len(split.targets) == len(split)
        demand(shaped, f"targets of {name} have shape {tuple(split.targets.shape)} in a task of kind {task.kind}")
        labels = set(split.targets.unique().tolist()) - {task.ignore_label}
        strange = sorted(label for label in labels if not 0 <= label < len(task.classes))
        demand(not strange, f"{name} has labels {strange}, expected 0 to {len(task.classes) - 1}")
        demand(labels <= known, f"{name} has classes that train has not: {sorted(labels - known)}")


def frequencies_of_train(subject: Subject) -> None:
    """Counted here from the training targets."""
    dataset = build(subject)
    stated, classes = torch.tensor(dataset.task.frequencies, dtype=torch.float64), len(dataset.task.classes)
    demand(len(stated) == classes, f"there are {len(stated)} frequencies and {classes} classes")
    demand(abs(float(stated.sum()) - 1) < 1e-6, f"the class frequencies sum to {float(stated.sum()):g}, expected 1")
    targets = dataset.splits["train"].targets
    counts = torch.bincount(targets[targets != dataset.task.ignore_label], minlength=classes).double()
    off = float((stated - counts / counts.sum()).abs().max())
    demand(off < 1e-6, f"the class frequencies differ from those of the training split by up to {off:.3g}")


def masks_consistent(subject: Subject) -> None:
    """Each split's mask of what is there by nature."""
    dataset = build(subject)
    for name, split in dataset.splits.items():
        _has_mask(name, split, dataset)


def _has_mask(name: str, split: Split, dataset: Dataset) -> None:
    present, expected = split.present, (len(split), len(dataset.modalities))
    demand(present.dtype == torch.bool, f"present of {name} is {present.dtype}, expected torch.bool")
    demand(tuple(present.shape) == expected, f"present of {name} has shape {tuple(present.shape)}, expected {expected}")
    for column, modality in enumerate(dataset.modalities):
        demand(bool(present[:, column].any()), f"no sample of {name} has modality {modality.name!r}")
