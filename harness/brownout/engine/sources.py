"""What a fusion takes under a condition: stored encodings or inputs, put together row by row, or attacked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from brownout.engine.attacks import Entrance, at_input, entrance, run_attack
from brownout.engine.inputs import blank_absent, mix, rows_of, to_device
from brownout.engine.masks import Evaluated, donors, hit
from brownout.engine.models import Head, blank
from brownout.engine.perturb import perturbed
from brownout.engine.seeding import seed
from brownout.engine.shelf import Shelf
from brownout.engine.specs import AttackSpec, Cell, Condition, MethodSpec, ViewSpec
from brownout_registry import Dataset, Prediction, UsageError


@dataclass
class Sources:
    """Puts together what one fitted method fuses.

    Attributes:
        shelf: for what is stored and fitted.
        method: whose sources.
        dataset: of the method.
        everyone: the evaluated samples.
        heads: by modality, the head that turns representations into logits (decision level only, else empty).
        fusion: fitted, what an attack on the fused prediction fools.
    """

    shelf: Shelf
    method: MethodSpec
    dataset: Dataset
    everyone: Evaluated
    heads: Mapping[str, Head]
    fusion: nn.Module

    def of(self, cell: Cell, rows: Tensor, there: Tensor, told: Tensor) -> dict[str, Any]:
        """What the fusion takes of each modality; those that are not attacked are put together once.

        Args:
            cell: of the method.
            rows: int64 ``[B]``, of the test split.
            there: bool ``[B, V]``, what is present.
            told: bool ``[B, V]``, what the fusion is told is present, on the device.
        """
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
        if means in ("zero-input", "mean-representation"):
            stand_in = next(each.key for each in cell.encodings()[name] if each.view.stand_in)
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

    def _donors(self, condition: Condition, name: str, rows: Tensor) -> Tensor:
        """The rows whose content stands for a modality: their own, unless it is mispaired."""
        return donors(condition, name, self.everyone)[rows] if name in condition.mispaired else rows


def _objective(prediction: Prediction, attack: AttackSpec) -> Tensor:
    """The logits that an attack is to change."""
    if attack.target == "fused":
        return prediction.logits
    (name,) = attack.modalities
    if name not in prediction.unimodal:
        raise UsageError(f"it has no classifier of {name!r} alone, which target: unimodal attacks")
    return prediction.unimodal[name]
