"""The training loop: epochs, shuffling, early stopping on validation. What happens with a batch is the recipe's."""

from __future__ import annotations

import copy
import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace

import torch
from torch import Tensor
from torch.nn import functional

from brownout.engine.inputs import to_device
from brownout.engine.masks import random_patterns
from brownout.engine.models import Joint
from brownout.engine.specs import Loop
from brownout_registry import Batch, Inputs, Step, TrainingRecipe

OPTIMISERS = {"adamw": torch.optim.AdamW, "adam": torch.optim.Adam, "sgd": torch.optim.SGD}
VALIDATION_BATCH = 256


@dataclass(frozen=True)
class Source:
    """Training or validation samples as a fit reads them: inputs or backbone features by modality."""

    ids: Tensor
    targets: Tensor
    present: Tensor
    read: Mapping[str, Callable[[Tensor], Inputs]]

    def batch(self, rows: Tensor, device: str) -> Batch:
        """Some rows on a device."""
        inputs = {name: to_device(read(rows), device) for name, read in self.read.items()}
        return Batch(inputs, self.targets[rows].to(device), self.present[rows].to(device))


def fit(
    model: Joint, recipe: TrainingRecipe, train: Source, validation: Source, loop: Loop, seed: int, device: str
) -> dict[str, float]:
    """Fit a model in place and leave it with the weights of the best validation loss.

    The validation loss is the cross-entropy of the fused prediction, on complete samples or, under
    ``loop.select: random-patterns``, with one missing pattern for each sample, the same in every epoch.

    Returns:
        ``epochs`` run, ``best_epoch`` and ``validation_loss``.

    Raises:
        ArithmeticError: the loss is not finite.
    """
    if loop.select == "random-patterns":
        validation = replace(validation, present=random_patterns(validation.ids, validation.present))
    best, best_state, best_epoch, epoch = math.inf, copy.deepcopy(model.state_dict()), -1, -1
    for start, epochs in _phases(recipe, model, loop.epochs):
        parameters = [each for each in model.parameters() if each.requires_grad]
        if not parameters:
            continue
        optimiser = _optimiser(parameters, loop)
        for epoch in range(start, start + epochs):
            _epoch(model, recipe, train, optimiser, loop, epoch, seed, device)
            loss = validation_loss(model, validation, device)
            if not math.isfinite(loss):
                raise ArithmeticError(f"the validation loss is {loss} in epoch {epoch}")
            if loss < best:
                best, best_state, best_epoch = loss, copy.deepcopy(model.state_dict()), epoch
            elif loop.patience is not None and epoch - max(best_epoch, start - 1) >= loop.patience:
                break
    model.load_state_dict(best_state)
    return {"epochs": epoch + 1, "best_epoch": best_epoch, "validation_loss": best}


def validation_loss(model: Joint, source: Source, device: str) -> float:
    """Mean cross-entropy over the validation split."""
    model.eval()
    total, count = 0.0, 0
    with torch.inference_mode():
        for rows in torch.arange(len(source.ids)).split(VALIDATION_BATCH):
            batch = source.batch(rows, device)
            logits = model(batch.inputs, batch.present).logits
            ignore = model.task.ignore_label
            total += float(functional.cross_entropy(logits, batch.targets, ignore_index=ignore, reduction="sum"))
            count += int((batch.targets != ignore).sum())
    return total / max(count, 1)


def _optimiser(parameters: list[torch.nn.Parameter], loop: Loop) -> torch.optim.Optimizer:
    kind = OPTIMISERS[loop.optimiser]
    optimiser: torch.optim.Optimizer = kind(parameters, lr=loop.learning_rate, weight_decay=loop.weight_decay)
    return optimiser


def _phases(recipe: TrainingRecipe, model: Joint, epochs: int) -> Iterable[tuple[int, int]]:
    """(first epoch, epochs) of each phase, the phase's preparation done."""
    if not hasattr(recipe, "phases"):
        yield 0, epochs
        return
    start = 0
    for length, prepare in recipe.phases(epochs):
        prepare(model)
        yield start, length
        start += length


def _epoch(
    model: Joint,
    recipe: TrainingRecipe,
    source: Source,
    optimiser: torch.optim.Optimizer,
    loop: Loop,
    epoch: int,
    seed: int,
    device: str,
) -> None:
    model.train()
    order = torch.randperm(len(source.ids), generator=torch.Generator().manual_seed(seed * 1_000_003 + epoch))
    for rows in _batches(order, loop.batch_size):
        step = Step(epoch, loop.epochs, source.ids[rows].to(device), rows.to(device), len(source.ids))
        loss = recipe.train_batch(model, source.batch(rows, device), step, optimiser)
        if not math.isfinite(loss):
            raise ArithmeticError(f"the training loss is {loss} in epoch {epoch}")


def _batches(order: Tensor, size: int) -> list[Tensor]:
    """Batches of one sample are joined to the one before: batch statistics need two."""
    batches = list(order.split(size))
    if len(batches) > 1 and len(batches[-1]) == 1:
        batches[-2:] = [torch.cat(batches[-2:])]
    return batches
