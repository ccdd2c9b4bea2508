"""Toy data for fusions: classes that every modality tells apart."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import torch
from torch import Tensor

from brownout.conformance.demands.fusion_cases import Case
from brownout.conformance.kit import Violation
from brownout.conformance.samples import modality_of_kind
from brownout_registry import (
    KIND_OF_REPRESENTATION,
    Dataset,
    Inputs,
    Modality,
    Padded,
    Representation,
    Split,
)

SAMPLES = {"train": 64, "validation": 48, "test": 96}
Read = Callable[[str, Tensor], Inputs]
WORDS = ("red apple", "blue sky", "green grass", "white snow")
AMPLITUDE, SPREAD = 2.0, 0.3


def toy_dataset(case: Case, test: Read | None = None) -> Dataset:
    """Three splits of `toy`; the inputs of the test split are read by ``test`` if given, such as `locked`."""
    splits = {}
    for start, (name, rows) in enumerate(SAMPLES.items()):
        sources, targets = toy(case, rows, 100 * (start + 1))
        ids = torch.arange(rows) + 1000 * (start + 1)
        present = torch.ones(rows, len(sources), dtype=torch.bool)
        read = test if test and name == "test" else partial(_rows, sources)
        splits[name] = Split(ids, targets, present, read)
    modalities = tuple(_modality(name, each, case) for name, each in case.below.items())
    return Dataset(modalities, case.task, splits, "toy", "CC0-1.0")


def locked(name: str, rows: Tensor) -> Inputs:
    """Refuse to read test inputs.

    Raises:
        Violation: always.
    """
    raise Violation(f"training read {len(rows)} test inputs of modality {name!r}: a fusion sees what it is given only")


def toy(case: Case, rows: int, start: int = 0) -> tuple[dict[str, Any], Tensor]:
    """Sources and targets int64 ``[B]`` of samples whose every modality tells the class."""
    draws = torch.Generator().manual_seed(start)
    targets = torch.arange(rows) % len(case.task.classes)
    return {name: _toy(case, each, targets, draws) for name, each in case.below.items()}, targets


def _toy(case: Case, below: Any, targets: Tensor, draws: torch.Generator) -> Any:
    classes = len(case.task.classes)
    if case.decides:
        sure = torch.nn.functional.one_hot(targets, classes) * 2 * AMPLITUDE
        return sure + torch.randn(len(targets), classes, generator=draws)
    if isinstance(below, Representation):
        return _signs(targets, below.shape, below.kind != "map", draws)
    return _toy_inputs(below, targets, classes, draws)


def _toy_inputs(modality: Modality, targets: Tensor, classes: int, draws: torch.Generator) -> Inputs:
    if modality.kind == "text":
        return [WORDS[int(target) % len(WORDS)] for target in targets]
    if modality.kind in ("vector", "sequence"):
        values = _signs(targets, modality.shape, True, draws)
    else:
        low, high = modality.range or (0.0, 1.0)
        noise = 0.02 * torch.randn(len(targets), *modality.shape, generator=draws)
        level = ((targets + 0.5) / classes).reshape(-1, *[1] * len(modality.shape))
        values = low + (high - low) * (level + noise).clamp(0, 1)
    if modality.kind not in ("audio", "sequence"):
        return values
    return Padded(values, torch.full((len(targets),), modality.shape[0]))


def _signs(targets: Tensor, shape: tuple[int, ...], last: bool, draws: torch.Generator) -> Tensor:
    """Features whose signs tell the class, the same at all places, with noise."""
    width = shape[-1] if last else shape[0]
    table = torch.stack(
        [1 - 2.0 * ((torch.arange(width) + target) % 3 == 0) for target in range(int(targets.max()) + 1)]
    )
    places = [1] * (len(shape) - 1)
    means = AMPLITUDE * table[targets].reshape(-1, *([*places, width] if last else [width, *places]))
    return means + SPREAD * torch.randn(len(targets), *shape, generator=draws)


def _modality(name: str, below: Any, case: Case) -> Modality:
    if isinstance(below, Modality):
        return below
    if isinstance(below, Representation):
        return Modality(name, KIND_OF_REPRESENTATION[below.kind], below.shape)
    return modality_of_kind("vector", name, (len(case.task.classes),))


def _rows(sources: Mapping[str, Any], name: str, rows: Tensor) -> Inputs:
    values = sources[name]
    if isinstance(values, Padded):
        return Padded(values.values[rows], values.lengths[rows])
    return [values[row] for row in rows.tolist()] if isinstance(values, list) else values[rows]
