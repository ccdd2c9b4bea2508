"""A fitted method that predicts: what it fuses, chunk by chunk, and what of it is stored."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from math import prod

import numpy as np
import torch
from torch import Tensor, nn

from brownout.engine.data import chunks
from brownout.engine.inputs import all_finite
from brownout.engine.masks import Evaluated, presence
from brownout.engine.models import Head, build_decision, heads_of
from brownout.engine.seeding import seed
from brownout.engine.shelf import Shelf
from brownout.engine.sources import Sources
from brownout.engine.specs import Cell, MethodSpec
from brownout_registry import Dataset, Prediction, Stored

CHUNK, CHUNK_VALUES = 1024, 1 << 22  # samples fused at a time, and how many logits they may have


@dataclass
class Predictor:
    """A fitted method, ready to fuse."""

    shelf: Shelf
    method: MethodSpec

    @cached_property
    def dataset(self) -> Dataset:
        """The dataset of the method."""
        return self.shelf.dataset(self.method.dataset)

    @cached_property
    def everyone(self) -> Evaluated:
        """The evaluated samples of the dataset."""
        return self.shelf.evaluated(self.method.dataset)

    @cached_property
    def heads(self) -> dict[str, Head]:
        """The unimodal heads that turn stored representations into logits (decision level only)."""
        fits = zip(self.method.dataset.modalities, self.method.unimodal, strict=False)
        return {name: self.shelf.fitted(fit).fusion.head for name, fit in fits}  # type: ignore[misc]

    @cached_property
    def fusion(self) -> nn.Module:
        """The fusion, fitted or training-free."""
        method = self.method
        if method.own is not None:
            return self.shelf.fitted(method.own).fusion
        models = {name: self.shelf.fitted(fit) for name, fit in zip(self.heads, method.unimodal, strict=True)}
        seed(method.seed)
        fusion = build_decision(method.fusion, self.dataset.task, heads_of(models))
        return fusion.to(self.shelf.device).eval() if isinstance(fusion, nn.Module) else fusion

    @cached_property
    def sources(self) -> Sources:
        """What puts together what the fusion takes."""
        return Sources(self.shelf, self.method, self.dataset, self.everyone, self.heads, self.fusion)

    def predict(self, cell: Cell) -> Stored:
        """Predictions of the test split under the cell's condition."""
        split, size = self.dataset.splits["test"], len(self.everyone.ids)
        values = len(self.dataset.task.classes) * prod(split.targets.shape[1:])
        chunk = self.shelf.batch if cell.attack else min(CHUNK, max(1, CHUNK_VALUES // values))
        pieces = [self._chunk(cell, rows) for rows in chunks(size, chunk)]
        predictions, masks = zip(*pieces, strict=True)
        return _stored(self.dataset, split.ids[:size], split.targets[:size], torch.cat(masks), predictions)

    def _chunk(self, cell: Cell, rows: Tensor) -> tuple[Prediction, Tensor]:
        split = self.dataset.splits["test"]
        names, ids = self.method.dataset.modalities, split.ids[rows]
        there = presence(cell.condition, names, ids, split.present[rows])
        told = there if cell.condition.means in ("absent", "token") else torch.ones_like(there)
        sources = self.sources.of(cell, rows, there, told.to(self.shelf.device))
        fusion = self.fusion
        seed(self.method.seed + int(rows[0]))  # what a fusion draws must not depend on other cells
        with torch.inference_mode():
            prediction = fusion(sources, told.to(self.shelf.device))
        _check(prediction, self.dataset, len(rows))
        return prediction, there


def _check(prediction: Prediction, dataset: Dataset, rows: int) -> None:
    expected = (rows, len(dataset.task.classes), *dataset.splits["test"].targets.shape[1:])
    if tuple(prediction.logits.shape) != expected:
        raise ValueError(f"the fusion gave logits of shape {tuple(prediction.logits.shape)}, expected {expected}")
    if not all_finite(prediction.logits):
        raise ArithmeticError("the fusion gave NaN or infinite logits")


def _stored(dataset: Dataset, ids: Tensor, targets: Tensor, present: Tensor, pieces: Sequence[Prediction]) -> Stored:
    def named(kind: str) -> dict[str, np.ndarray]:
        return {name: _joined([getattr(each, kind)[name] for each in pieces]) for name in getattr(pieces[0], kind)}

    certain = any(each.uncertainty is None for each in pieces)
    return Stored(
        ids=ids.numpy(),
        targets=targets.numpy(),
        logits=_joined([each.logits for each in pieces]),
        present=present.numpy(),
        modalities=tuple(each.name for each in dataset.modalities),
        ignore_label=dataset.task.ignore_label,
        unimodal=named("unimodal"),
        weights=named("weights"),
        uncertainty=None if certain else _joined([each.uncertainty for each in pieces if each.uncertainty is not None]),
        diagnostics=named("diagnostics"),
    )


def _joined(pieces: Sequence[Tensor]) -> np.ndarray:
    array: np.ndarray = torch.cat(list(pieces)).float().cpu().numpy()
    return array
