"""Demands on datasets: what ``read`` gives."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor

from brownout.conformance.demands import demand
from brownout.conformance.demands.dataset_facts import build
from brownout.conformance.kit import Subject
from brownout.conformance.samples import copy_of, numbers, same
from brownout.engine.inputs import rows_of
from brownout_registry import Dataset, Modality, Padded, Split

ROWS = 64


def reads_what_it_declares(subject: Subject) -> None:
    """Of the first and the last rows in which the modality is present."""
    for where, modality, split, present in _columns(build(subject)):
        inputs = split.read(modality.name, present)
        if modality.kind == "text":
            texts = isinstance(inputs, list) and all(isinstance(text, str) for text in inputs)
            demand(texts and len(inputs) == len(present), f"{where}: expected a list of {len(present)} str")
            continue
        _has_form(where, modality, inputs, len(present))
        demand(bool(torch.isfinite(numbers(inputs)).all()), f"{where} is NaN or infinite, and marked as present")
        if modality.range is not None:
            low, high = float(numbers(inputs).min()), float(numbers(inputs).max())
            inside = modality.range[0] <= low and high <= modality.range[1]
            demand(inside, f"{where} goes from {low:g} to {high:g}, declared is {modality.range}")


def reads_any_rows(subject: Subject) -> None:
    """Backwards, twice, alone and not at all."""
    for where, modality, split, present in _columns(build(subject)):
        inputs = copy_of(split.read(modality.name, present))
        for places in (torch.arange(len(present)).flip(0), torch.zeros(3, dtype=torch.int64), torch.tensor([-1])):
            rows = present[places]
            found, asked = split.read(modality.name, rows), rows.clone()
            demand(torch.equal(rows, asked), f"{where}: read changed the rows it was asked for")
            message = f"{where}: rows {rows[:4].tolist()} ... differ from themselves in another batch"
            demand(_content(found) == _content(rows_of(inputs, places)), message)
        demand(same(split.read(modality.name, present), inputs), f"{where}: another reading gives something else")


def _columns(dataset: Dataset) -> Iterator[tuple[str, Modality, Split, Tensor]]:
    """Every modality of every split, with some rows that have it."""
    for name, split in dataset.splits.items():
        for column, modality in enumerate(dataset.modalities):
            present = split.present[:, column].nonzero().squeeze(1)
            if len(present):
                yield f"{modality.name!r} of {name}", modality, split, torch.cat([present[:ROWS], present[-ROWS:]])


def _has_form(where: str, modality: Modality, inputs: Any, rows: int) -> None:
    padded = modality.kind in ("audio", "sequence")
    wanted = Padded if padded else Tensor
    demand(isinstance(inputs, wanted), f"{where}: gave {type(inputs).__name__}, expected {wanted.__name__}")
    values = numbers(inputs)
    demand(values.dtype == torch.float32, f"{where}: gave {values.dtype}, expected torch.float32")
    shape = (rows, values.shape[1], *modality.shape[1:]) if padded else (rows, *modality.shape)
    demand(tuple(values.shape) == shape, f"{where}: gave shape {tuple(values.shape)}, declared is {modality.shape}")
    if isinstance(inputs, Padded):
        longest, steps = int(inputs.lengths.max()), min(modality.shape[0], values.shape[1])
        demand(
            inputs.lengths.dtype == torch.int64, f"{where}: lengths are {inputs.lengths.dtype}, expected torch.int64"
        )
        demand(longest <= steps, f"{where}: a sample has {longest} steps, declared are {modality.shape[0]}")
        behind = torch.arange(values.shape[1]) >= inputs.lengths[:, None]
        demand(not bool(values[behind].any()), f"{where}: padding is not zero")


def _content(inputs: Any) -> list[Any]:
    """Row by row without padding, as batches may be padded to their longest sample."""
    if isinstance(inputs, Padded):
        pairs = zip(inputs.values, inputs.lengths.tolist(), strict=True)
        return [values[:length].numpy().tobytes() for values, length in pairs]
    return [row if isinstance(row, str) else row.numpy().tobytes() for row in inputs]
