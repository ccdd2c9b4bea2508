"""What perturbations are run on: every kind they take, at their own levels, under the engine's noise."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, cast

import torch

from brownout.conformance.demands import told
from brownout.conformance.kit import NotApplicable, Subject
from brownout.conformance.samples import SHAPES, inputs_of, modality_of_kind
from brownout.engine.inputs import rows_of
from brownout.engine.noise import KeyedNoise
from brownout_registry import KIND_OF_REPRESENTATION, Inputs, Kind, Modality, PerturbationCard

SAMPLES = 6


@dataclass(frozen=True)
class Case:
    """A perturbation on a kind of modality, at levels of its own."""

    subject: Subject
    kind: Kind
    levels: tuple[float, ...]
    modality: Modality

    def __str__(self) -> str:
        return f"{self.subject.name}({self.modality.name})"

    @property
    def severities(self) -> tuple[int, ...]:
        """1, 2, ..."""
        return tuple(range(1, len(self.levels) + 1))

    @cached_property
    def inputs(self) -> Inputs:
        """Six clean samples."""
        return inputs_of(self.kind, SAMPLES)

    def rows(self, rows: Sequence[int]) -> Any:
        """Some of them."""
        return rows_of(self.inputs, torch.tensor(list(rows)))

    def build(self) -> Any:
        """The perturbation; what it raises is noted with the severity."""
        with told(str(self)):
            function = self.subject.build(self.modality, levels=list(self.levels))

        def perturb(inputs: Any, severity: int, noise: Any) -> Any:
            with told(f"{self} s{severity}"):
                return function(inputs, severity, noise)

        return perturb

    def at(self, *levels: float) -> Case:
        """The same at other levels."""
        return replace(self, levels=levels)

    def noise(self, rows: Sequence[int]) -> KeyedNoise:
        """The engine's noise of these samples."""
        return KeyedNoise(0, self.subject.name, self.kind, tuple(100 + row for row in rows))

    def run(self, severity: int, inputs: Any = None, rows: Sequence[int] | None = None) -> Any:
        """The inputs, or some rows of the usual ones, at a severity."""
        if inputs is None:
            rows = range(SAMPLES) if rows is None else rows
            inputs = self.inputs if len(rows) == SAMPLES and list(rows) == list(range(SAMPLES)) else self.rows(rows)
        count = len(inputs) if rows is None else len(rows)
        return self.build()(inputs, severity, self.noise(range(count) if rows is None else rows))


def cases(subject: Subject) -> Iterator[Case]:
    """One for each kind that the card takes and has levels for, and one more where it takes features of that kind.

    Raises:
        NotApplicable: it has no levels of its own.
    """
    card = subject.card
    assert isinstance(card, PerturbationCard)
    found = [
        Case(subject, kind, tuple(levels), modality)
        for kind in cast("tuple[Kind, ...]", card.takes)
        if (levels := card.levels.get(kind, card.levels.get("*", ())))
        for modality in (modality_of_kind(kind), Modality(f"{kind} features", kind, SHAPES[kind]))
        if modality.name == kind or (card.features and kind in KIND_OF_REPRESENTATION.values())
    ]
    if not found:
        raise NotApplicable("its card has no levels, so there is nothing to run it at")
    yield from found
