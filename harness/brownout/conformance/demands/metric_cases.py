"""What metrics are run on: stored predictions of a small classification task, good and bad."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from copy import deepcopy
from dataclasses import dataclass, replace
from functools import cached_property
from math import nan
from typing import Any

import numpy as np

from brownout.conformance.kit import NotApplicable, Subject, Violation
from brownout_registry import MetricCard, Stored, UsageError, resolve

SAMPLES, CONFIDENT = 24, 30.0
CLASSES = (4, 2)
ABSENT: Mapping[str, Any] = {"unimodal": {}, "weights": {}, "uncertainty": None, "diagnostics": {}}


class AnyDiagnostics(Mapping[str, np.ndarray]):
    """A number in [0, 1) for every sample under whatever name a metric asks for."""

    def __init__(self, ids: np.ndarray) -> None:
        self.ids = ids

    def __getitem__(self, name: str) -> np.ndarray:
        """Of these samples, however they are ordered."""
        return np.modf((self.ids + 1) * (0.1 + len(name) / 97))[0].astype(np.float32)

    def __contains__(self, name: object) -> bool:
        """Every name."""
        return isinstance(name, str)

    def __iter__(self) -> Iterator[str]:
        """None that can be listed."""
        return iter(())

    def __len__(self) -> int:
        return 1


def predictions(classes: int, right: float, needs: tuple[str, ...] = ()) -> Stored:
    """Predictions of which this share is right, all of them confident, with the fields that a metric needs."""
    ids, targets = np.arange(SAMPLES), np.arange(SAMPLES) % classes
    taken = np.where(ids < right * SAMPLES, targets, (targets + 1) % classes)
    logits = (CONFIDENT * (taken[:, None] == np.arange(classes))).astype(np.float32)
    stored = Stored(ids, targets, logits, np.arange(SAMPLES)[:, None] % [9, 7] != 3, ("audio", "image"))
    return replace(stored, **{need: _field(stored, need) for need in needs if need in ABSENT})


def chosen(stored: Stored, order: np.ndarray) -> Stored:
    """Some samples, in this order."""
    found = {name: array[order] for name, array in arrays_of(stored).items() if "." not in name}
    for field in ("unimodal", "weights"):
        found[field] = {name: array[order] for name, array in getattr(stored, field).items()}
    if len(stored.diagnostics):
        found["diagnostics"] = AnyDiagnostics(stored.ids[order])
    return replace(stored, **found)


def arrays_of(stored: Stored) -> dict[str, Any]:
    """Every array that is really there, by name."""
    found = {name: getattr(stored, name) for name in ("ids", "targets", "logits", "present")}
    if stored.uncertainty is not None:
        found["uncertainty"] = stored.uncertainty
    for field in ("unimodal", "weights"):
        found |= {f"{field}.{name}": array for name, array in getattr(stored, field).items()}
    return found


@dataclass(frozen=True)
class Case:
    """A metric and its card."""

    subject: Subject

    @cached_property
    def card(self) -> MetricCard:
        """Its card."""
        card = self.subject.card
        assert isinstance(card, MetricCard)
        return card

    def value(self, stored: Stored) -> float:
        """Its value, NaN where it refuses."""
        try:
            value = resolve(self.card)(stored, **self.subject.bound)
        except UsageError:
            return nan
        if not isinstance(value, float):
            raise Violation(f"gave {type(value).__name__}, expected float")
        return value

    def samples(self) -> list[Stored]:
        """Predictions on which it is defined: of two and of four classes, right, wrong and mixed.

        Raises:
            NotApplicable: it is defined on none.
        """
        given = [predictions(classes, right, self.card.needs) for classes in CLASSES for right in (0.0, 0.6, 1.0)]
        defined = [stored for stored in given if not np.isnan(self.value(deepcopy(stored)))]
        if not defined:
            raise NotApplicable("it is undefined on the kit's predictions, which have no diagnostics that it knows")
        return defined


def _field(stored: Stored, need: str) -> Any:
    draws = np.random.default_rng(0)
    if need == "uncertainty":
        return draws.random(len(stored.ids))
    if need == "weights":
        return {name: draws.random(len(stored.ids)) for name in stored.modalities}
    if need == "unimodal":
        return {name: draws.normal(size=stored.logits.shape) for name in stored.modalities}
    return AnyDiagnostics(stored.ids)
