"""Cells: put encodings together as a condition says, fuse, store the predictions, score them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from math import prod
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from brownout.engine.attacks import Entrance, at_input, entrance, run_attack
from brownout.engine.data import chunks
from brownout.engine.faults import raise_if_nobodys, reason
from brownout.engine.inputs import all_finite, blank_absent, mix, rows_of, to_device
from brownout.engine.masks import Evaluated, donors, hit, presence
from brownout.engine.models import Head, blank, build_decision, heads_of
from brownout.engine.perturb import perturbed
from brownout.engine.predictions import write_predictions
from brownout.engine.scoring import Metrics, score
from brownout.engine.seeding import seed
from brownout.engine.shelf import Shelf
from brownout.engine.specs import AttackSpec, Cell, Condition, MethodSpec, ViewSpec
from brownout.engine.works import PredictWork, needs_of
from brownout_registry import Dataset, Prediction, Stored

CHUNK, CHUNK_VALUES = 1024, 1 << 22  # samples fused at a time, and how many logits they may have
Record = dict[str, Any]


def compute_cells(shelf: Shelf, folder: Path, metrics: Metrics, work: PredictWork) -> list[Record]:
    """Predict, store and score cells of one method; a cell that fails is recorded with its reason."""
    records, predictor = [], None
    for cell in work.cells:
        lost = [work.failed[key] for key in sorted(needs_of(cell)) if key in work.failed]
        if lost:
            records.append(failure(cell, lost[0]))
            continue
        try:
            predictor = predictor or Predictor(shelf, cell.method)
            records.append(_finish(cell, predictor.predict(cell), predictor.drawn(cell), folder, metrics))
        except Exception as error:  # noqa: BLE001  a method may fail in any way, and costs its own cells only
            raise_if_nobodys(error)
            records.append(failure(cell, reason(error)))
    return records


def identity(cell: Cell) -> Record:
    """What a line of ``cells.jsonl`` says of which cell it is."""
    method = cell.method
    facts = {"cell": cell.key, "method": method.name, "dataset": method.dataset.name, "seed": method.seed}
    return {**facts, "condition": cell.condition.facts.name}


def failure(cell: Cell, why: str) -> Record:
    """The record of a cell that could not be computed."""
    return {**identity(cell), "status": "failed", "reason": why}


def _finish(cell: Cell, stored: Stored, drawn: Mapping[str, np.ndarray], folder: Path, metrics: Metrics) -> Record:
    file = f"predictions/{cell.key}.parquet"
    digest = write_predictions(folder / file, stored, drawn)
    samples = len(stored.ids)
    return {
        **identity(cell),
        "status": "finished",
        "file": file,
        "digest": digest,
        "samples": samples,
        **score(stored, metrics),
    }


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
        sources = self._sources(cell, rows, there, told.to(self.shelf.device))
        fusion = self.fusion
        seed(self.method.seed + int(rows[0]))  # what a fusion draws must not depend on other cells
        with torch.inference_mode():
            prediction = fusion(sources, told.to(self.shelf.device))
        _check(prediction, self.dataset, len(rows))
        return prediction, there

    def _sources(self, cell: Cell, rows: Tensor, there: Tensor, told: Tensor) -> dict[str, Any]:
        """What the fusion takes of each modality; those that are not attacked are put together once."""
        names = self.method.dataset.modalities
        attacked = cell.attack.modalities if cell.attack else ()
        columns = {name: there[:, column] for column, name in enumerate(names)}
        compose = self._inputs if self.method.level == "input" else self._representations
        with torch.no_grad():
            sources = {name: compose(cell, name, rows, columns[name]) for name in names if name not in attacked}
        if cell.attack:
            sources |= self._attacked(cell, cell.attack, rows, columns, told, sources)
        return {name: sources[name] for name in names}

    def _attacked(
        self,
        cell: Cell,
        attack: AttackSpec,
        rows: Tensor,
        there: Mapping[str, Tensor],
        told: Tensor,
        others: Mapping[str, Any],
    ) -> dict[str, Any]:
        """Sources of the attacked modalities, after the attack on this method."""
        split, names, fusion = self.dataset.splits["test"], self.method.dataset.modalities, self.fusion
        entrances = {name: self._entrance(cell, attack, name, rows) for name in attack.modalities}

        def ready(found: Mapping[str, Any], some: Tensor) -> dict[str, Any]:
            return {name: self._as_source(cell, name, values, there[name][some]) for name, values in found.items()}

        def logits(found: Mapping[str, Any], some: Tensor) -> Tensor:
            sources = {name: rows_of(values, some) for name, values in others.items()} | ready(found, some)
            seed(self.method.seed + int(rows[0]))
            prediction: Prediction = fusion({name: sources[name] for name in names}, told[some])
            return _objective(prediction, attack)

        everybody = torch.arange(len(rows))
        found = run_attack(attack, entrances, split.targets[rows], split.ids[rows], logits, self.shelf.device)
        with torch.no_grad():
            return ready(found, everybody)

    def _entrance(self, cell: Cell, attack: AttackSpec, name: str, rows: Tensor) -> Entrance:
        if self.method.level == "input":
            return at_input(self.shelf, self.dataset, name, rows, None)
        clean = self.method.encoding(name, ViewSpec(self.method.dataset, name))
        return entrance(self.shelf, self.dataset, attack, clean, rows)

    def _representations(self, cell: Cell, name: str, rows: Tensor, there: Tensor) -> Tensor:
        """Stored encodings of one modality, put together row by row; at the decision level, their logits."""
        condition, store = cell.condition, self.shelf.store
        by_view = {each.view: each.key for each in cell.encodings()[name]}
        clean, view = ViewSpec(self.method.dataset, name), cell.view(name)
        if view in by_view:
            values = store.rows(by_view[view], self._donors(condition, name, rows))
            if condition.share < 1 and name in condition.views:
                values = mix(store.rows(by_view[clean], rows), values, hit(condition, name, self.everyone)[rows])
        else:
            shape = self.shelf.representation(self.method.encoding(name, clean)).shape
            values = torch.zeros(len(rows), *shape)
        source: Tensor = self._as_source(cell, name, values.to(self.shelf.device), there)
        return source

    def _as_source(self, cell: Cell, name: str, values: Any, there: Tensor) -> Any:
        """What the fusion takes of a modality: a substitute for what is absent, and logits where it takes those."""
        there, means = there.to(self.shelf.device), cell.condition.means
        if self.method.level == "input":
            if means not in ("absent", "token", "zero-input") and not bool(there.all()):
                raise ValueError(f"a method that fuses inputs has no representation to replace (means: {means})")
            return blank_absent(values, there)
        stand_in = next((each.key for each in cell.encodings()[name] if each.view.stand_in), None)
        if stand_in:
            substitute = self.shelf.store.rows(stand_in, slice(None)).to(self.shelf.device)
            values = mix(values, substitute.expand_as(values), ~there)
        elif means == "zero-representation":
            values = blank(values, there)
        if self.heads:
            values = self.heads[name](values)
        return blank(values, there) if means in ("absent", "token") else values

    def _inputs(self, cell: Cell, name: str, rows: Tensor, there: Tensor) -> Any:
        """Perturbed canonical inputs of one modality, for a method that owns its encoders."""
        condition = cell.condition
        clean = ViewSpec(self.method.dataset, name)
        view = condition.views.get(name, clean)
        if view.at == "features":
            raise ValueError("a method that fuses inputs has no features to perturb")
        inputs = perturbed(self.dataset, view, self._donors(condition, name, rows))
        if view != clean:
            inputs = mix(perturbed(self.dataset, clean, rows), inputs, hit(condition, name, self.everyone)[rows])
        return self._as_source(cell, name, to_device(inputs, self.shelf.device), there)

    def drawn(self, cell: Cell) -> dict[str, np.ndarray]:
        """Who is hit by a share, and whose content who has: what the draws decided, by column of the file."""
        condition, everyone = cell.condition, self.everyone
        shared = condition.views if condition.share < 1 else ()
        hits = {f"hit.{name}": hit(condition, name, everyone).numpy() for name in shared}
        content = {f"content.{name}": everyone.ids[donors(condition, name, everyone)] for name in condition.mispaired}
        return hits | {name: ids.numpy() for name, ids in content.items()}

    def _donors(self, condition: Condition, name: str, rows: Tensor) -> Tensor:
        """The rows whose content stands for a modality: their own, unless it is mispaired."""
        return donors(condition, name, self.everyone)[rows] if name in condition.mispaired else rows


def _objective(prediction: Prediction, attack: AttackSpec) -> Tensor:
    """The logits that an attack is to change."""
    if attack.target == "fused":
        return prediction.logits
    (name,) = attack.modalities
    return prediction.unimodal[name]


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
