"""What a training recipe does with batches."""

from __future__ import annotations

import math

from brownout.conformance.demands.recipe_models import Trained, batch_of, copy_of_batch, model_of, trained
from brownout.conformance.kit import NotApplicable, Subject, Violation
from brownout.conformance.samples import same
from brownout_registry import Batch, TrainingRecipe, UsageError

COUNTS, EPOCHS = (1, 2, 3), (1, 2, 5)


def trains(subject: Subject) -> None:
    """A finite float for a complete batch and one with all missing patterns, of 1 to 3 modalities."""
    refusals = []
    for count in COUNTS:
        model = model_of(count)
        try:
            done = trained(subject, model, [batch_of(model, complete=True), batch_of(model)])
        except NotApplicable as reason:
            refusals.append(reason)
            continue
        for loss in done.losses:
            if not isinstance(loss, float) or not math.isfinite(loss):
                raise Violation(f"train_batch gives {loss!r} with {count} modalities; a finite float is right")
    if len(refusals) == len(COUNTS):
        raise Violation(f"it refuses a small model of pictures: {refusals[-1]}")


def batch_untouched(subject: Subject) -> None:
    """The batch is the engine's: a recipe that changes inputs, targets or mask changes copies."""
    model = model_of(2)
    batch = batch_of(model)
    before = copy_of_batch(batch)
    trained(subject, model, [batch])
    for what in _changed(before, batch):
        raise Violation(f"train_batch changes {what} of the batch it was given; change a copy")


def deterministic(subject: Subject) -> None:
    """Losses and weights are the same bit by bit under the same seed."""
    one, other = (_three_batches(subject) for _ in range(2))
    if one.losses != other.losses:
        raise Violation(f"under the same seed the losses are {one.losses} and {other.losses}: {DRAWS}")
    weights = other.model.state_dict()
    for name, each in one.model.state_dict().items():
        if not same(each, weights[name]):
            raise Violation(f"under the same seed {name} is fitted differently: {DRAWS}")


def parameters_move(subject: Subject) -> None:
    """Every module that is fitted has moved after three batches, and what is frozen stands still."""
    done = _three_batches(subject)
    moved = {name for name, each in done.model.named_parameters() if not same(each.detach(), done.before[name])}
    fitted = {name for name, each in done.model.named_parameters() if each.requires_grad}
    if fitted and not moved & fitted:
        raise Violation("no parameter has changed after three batches: train_batch takes the optimiser's step")
    if moved - fitted:
        raise Violation(f"{', '.join(sorted(moved - fitted))} is frozen and has changed; only what is fitted may")


def one_loss_per_step(subject: Subject) -> None:
    """A loss may keep a history of the batches it saw."""
    model = model_of(2, own_loss=True)
    done = trained(subject, model, [batch_of(model, start=start) for start in range(3)])
    if done.steps and model.fusion.calls != done.steps:
        raise Violation(
            f"the fusion's loss was called {model.fusion.calls} times in {done.steps} optimiser steps; once each is "
            "right, and what is crafted on the way takes the cross-entropy of the logits"
        )


def phases(subject: Subject) -> None:
    """Each phase is ``(epochs, prepare)``; together they are all epochs."""
    for epochs in EPOCHS:
        recipe: TrainingRecipe = subject.build()
        if not hasattr(recipe, "phases"):
            raise NotApplicable("it has no phases")
        lengths, model = [], model_of(2)
        for length, prepare in recipe.phases(epochs):
            prepare(model)
            lengths.append(length)
        if any(not isinstance(length, int) or length < 0 for length in lengths) or sum(lengths) != epochs:
            raise Violation(f"its phases of {epochs} epochs have {lengths} epochs; whole numbers that sum up are right")


def refuses_clearly(subject: Subject) -> None:
    """Texts, and a fusion without unimodal logits, are trained or refused by a UsageError."""
    for what, model in (
        ("text", model_of(2, text=True)),
        ("a fusion without unimodal logits", model_of(2, tells=False)),
        ("a fusion with a loss of its own", model_of(2, own_loss=True)),
    ):
        try:
            trained(subject, model, [batch_of(model)])
        except (NotApplicable, UsageError):
            continue
        except Exception as error:
            raise Violation(f"on {what} it raises {type(error).__name__}: {error}; a UsageError is right") from error


DRAWS = "draw from torch's global generator, which the engine seeds, and from nothing else"


def _three_batches(subject: Subject) -> Trained:
    model = model_of(2)
    return trained(subject, model, [batch_of(model, complete=start == 0, start=start) for start in range(3)])


def _changed(before: Batch, after: Batch) -> list[str]:
    if list(before.inputs) != list(after.inputs):
        return ["the modalities"]
    found = [f"the inputs of {name!r}" for name in before.inputs if not same(before.inputs[name], after.inputs[name])]
    found += [name for name in ("targets", "present") if not same(getattr(before, name), getattr(after, name))]
    return found
