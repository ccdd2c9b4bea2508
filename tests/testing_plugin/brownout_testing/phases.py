"""A training recipe of two phases."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from brownout_registry import Batch, Model, Step


@dataclass(frozen=True)
class TwoPhases:
    """Encoders are frozen for the first epochs, then everything is fitted."""

    first: int

    def phases(self, epochs: int) -> Iterator[tuple[int, Callable[[Model], None]]]:
        """(epochs, preparation) of both."""
        yield min(self.first, epochs), _freeze
        yield max(0, epochs - self.first), _thaw

    def train_batch(self, model: Model, batch: Batch, step: Step, optimiser: Any) -> float:
        """Fit one batch and give its loss."""
        optimiser.zero_grad(set_to_none=True)
        loss = model.loss(model(batch.inputs, batch.present), batch.targets, step)
        loss.backward()
        optimiser.step()
        return float(loss.detach())


def _freeze(model: Model) -> None:
    model.encoders.requires_grad_(False)


def _thaw(model: Model) -> None:
    model.encoders.requires_grad_(True)
