"""From a fit's spec to stored weights."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import torch
from torch import Tensor

from brownout.engine.data import chunks, read
from brownout.engine.inputs import as_inputs, to_device
from brownout.engine.models import blank
from brownout.engine.perturb import modality_named
from brownout.engine.seeding import seed
from brownout.engine.shelf import Shelf
from brownout.engine.specs import EncoderSpec, FitSpec, ViewSpec, features_key
from brownout.engine.training import Source, fit
from brownout_registry import Dataset, Inputs, Representation

PREPARE_SAMPLES = 4096


def compute_fit(shelf: Shelf, spec: FitSpec) -> None:
    """Fit and store the weights; deterministic under the fit's seed on one machine."""
    dataset = shelf.dataset(spec.dataset)
    model = shelf.fresh(spec)
    train, validation = source(shelf, spec, dataset, "train"), source(shelf, spec, dataset, "validation")
    _prepare(shelf, spec, model.encoders, train)
    seed(spec.seed)  # what was built or read so far may have drawn, and may not next time
    recipe = spec.recipe.build()
    facts = fit(model, recipe, train, validation, spec.loop, spec.seed, shelf.device)
    shelf.store.save_weights(spec.key, model.state_dict(), **facts)


def source(shelf: Shelf, spec: FitSpec, dataset: Dataset, split: str) -> Source:
    """The samples that a fit reads: of the training split as many as it may, for a unimodal fit with its modality."""
    content = dataset.splits[split]
    names = [each.name for each in dataset.modalities]
    used = [each.modality for each in spec.encoders] or names
    present = content.present[:, [names.index(name) for name in used]]
    rows = torch.arange(len(content))
    if split == "train" and spec.loop.samples:
        rows = torch.randperm(len(content), generator=torch.Generator().manual_seed(0))[: spec.loop.samples]
    rows = rows if spec.fusion else rows[present[rows].all(1)]
    readers: dict[str, Callable[[Tensor], Inputs]] = {
        name: partial(_at, _reader(shelf, spec, dataset, split, name), rows) for name in used
    }
    return Source(content.ids[rows], content.targets[rows], present[rows], readers)


def _at(reader: Callable[[Tensor], Inputs], kept: Tensor, rows: Tensor) -> Inputs:
    return reader(kept[rows])


def _reader(shelf: Shelf, spec: FitSpec, dataset: Dataset, split: str, modality: str) -> Callable[[Tensor], Inputs]:
    if spec.unimodal:
        return _unimodal_logits(shelf, spec, dataset, split, modality)
    encoder = next((each for each in spec.encoders if each.modality == modality), None)
    if encoder is None or encoder.backbone is None:
        return partial(read, dataset, dataset.splits[split], modality)
    key = features_key(encoder.backbone, ViewSpec(spec.dataset, modality, split=split))
    if encoder.encoder is None:
        return partial(shelf.store.rows, key)
    return partial(_features, shelf, key, _representation(shelf, dataset, encoder))


def _features(shelf: Shelf, key: str, representation: Representation, rows: Tensor) -> Inputs:
    return as_inputs(shelf.store.rows(key, rows), representation)


def _representation(shelf: Shelf, dataset: Dataset, encoder: EncoderSpec) -> Representation:
    assert encoder.backbone is not None
    backbone = shelf.backbone(encoder.backbone, modality_named(dataset, encoder.modality))
    representation: Representation = backbone.representation
    return representation


def _unimodal_logits(
    shelf: Shelf, spec: FitSpec, dataset: Dataset, split: str, modality: str
) -> Callable[[Tensor], Inputs]:
    """Logits of a fitted unimodal classifier on a clean split: what a trained decision-level fusion sees."""
    below = spec.unimodal[[each.name for each in dataset.modalities].index(modality)]
    model, reader = shelf.fitted(below), _reader(shelf, below, dataset, split, modality)
    content, pieces = dataset.splits[split], []
    with torch.inference_mode():
        for rows in chunks(len(content), shelf.batch):
            inputs = {modality: to_device(reader(rows), shelf.device)}
            pieces.append(model(inputs, torch.ones(len(rows), 1, dtype=torch.bool, device=shelf.device)).logits.cpu())
    column = [each.name for each in dataset.modalities].index(modality)
    logits = blank(torch.cat(pieces).clone(), content.present[:, column])
    return lambda rows: logits[rows]


def _prepare(shelf: Shelf, spec: FitSpec, encoders: torch.nn.ModuleDict, train: Source) -> None:
    """Let encoders take their normalisation statistics from clean training samples that are there."""
    for column, each in enumerate(spec.encoders):
        if each.modality in encoders and hasattr(encoders[each.modality], "prepare"):
            rows = train.present[:, column].nonzero().squeeze(1)[:PREPARE_SAMPLES]
            encoder: Any = encoders[each.modality]
            encoder.prepare(to_device(train.read[each.modality](rows), shelf.device))
