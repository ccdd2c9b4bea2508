"""Training recipes that violate one check each."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from typing import Any

from brownout_registry import Batch, Model, Step


class Healthy:
    """One forward and one backward pass."""

    def train_batch(self, model: Model, batch: Batch, step: Step, optimiser: Any) -> float:
        loss = model.loss(model(batch.inputs, batch.present), batch.targets, step)
        return self.descend(loss, optimiser)

    def descend(self, loss: Any, optimiser: Any) -> float:
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        return float(loss.detach())


class TwoPhases(Healthy):
    """Healthy, the encoders frozen for the first epoch."""

    def phases(self, epochs: int) -> Iterator[tuple[int, Callable[[Model], None]]]:
        yield 1, lambda model: _freeze(model, True)
        yield epochs - 1, lambda model: _freeze(model, False)


class GivesTensor(Healthy):
    def train_batch(self, model: Model, batch: Batch, step: Step, optimiser: Any) -> Any:
        loss = model.loss(model(batch.inputs, batch.present), batch.targets, step)
        self.descend(loss, optimiser)
        return loss.detach()


class EditsBatch(Healthy):
    def train_batch(self, model: Model, batch: Batch, step: Step, optimiser: Any) -> float:
        for each in batch.inputs.values():
            if not isinstance(each, list):
                each.mul_(0.9)  # type: ignore[union-attr]
        return super().train_batch(model, batch, step, optimiser)


class OwnDice(Healthy):
    def train_batch(self, model: Model, batch: Batch, step: Step, optimiser: Any) -> float:
        loss = model.loss(model(batch.inputs, batch.present), batch.targets, step)
        return self.descend(loss * random.random(), optimiser)


class Idle(Healthy):
    def train_batch(self, model: Model, batch: Batch, step: Step, optimiser: Any) -> float:
        return float(model.loss(model(batch.inputs, batch.present), batch.targets, step).detach())


class Thaws(Healthy):
    def train_batch(self, model: Model, batch: Batch, step: Step, optimiser: Any) -> float:
        for each in model.parameters():
            each.data.mul_(0.99)
        return super().train_batch(model, batch, step, optimiser)


class LossTwice(Healthy):
    def train_batch(self, model: Model, batch: Batch, step: Step, optimiser: Any) -> float:
        model.loss(model(batch.inputs, batch.present), batch.targets, step)
        return super().train_batch(model, batch, step, optimiser)


class LongPhases(Healthy):
    def phases(self, epochs: int) -> Iterator[tuple[int, Callable[[Model], None]]]:
        yield epochs, lambda model: None
        yield 1, lambda model: None


class NoText(Healthy):
    def train_batch(self, model: Model, batch: Batch, step: Step, optimiser: Any) -> float:
        noisy = {name: each + 0.0 for name, each in batch.inputs.items()}  # type: ignore[operator]
        return super().train_batch(model, Batch(noisy, batch.targets, batch.present), step, optimiser)


def _freeze(model: Model, frozen: bool) -> None:
    model.encoders.requires_grad_(not frozen)
