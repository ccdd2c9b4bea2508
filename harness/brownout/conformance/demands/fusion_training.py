"""Fusions in training: a few steps, or the engine's own loop over a toy dataset."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn

from brownout.conformance.demands.fusion_asking import copied
from brownout.conformance.demands.fusion_cases import NAMES, Case
from brownout.conformance.demands.fusion_toys import Read, toy, toy_dataset
from brownout.conformance.kit import NotApplicable
from brownout.engine.models import Joint
from brownout.engine.recipes import regular
from brownout.engine.seeding import seed
from brownout.engine.specs import Loop
from brownout.engine.training import Source, fit
from brownout_registry import Dataset, Prediction, Split, Step

LOOP = Loop(epochs=12, batch_size=32, optimiser="adamw", learning_rate=0.01, weight_decay=0.0, patience=None)
LEARNING_RATE = 1e-3


def trainable(case: Case) -> dict[str, nn.Parameter]:
    """The parameters that are fitted, by name.

    Raises:
        NotApplicable: there are none.
    """
    found = {name: each for name, each in case.module.named_parameters() if each.requires_grad}
    if not found:
        raise NotApplicable("it has no parameters to fit")
    return found


def step_at(epoch: int, rows: Tensor, train_size: int, epochs: int = 8) -> Step:
    """Where training stands; a sample's id is its row plus 1,000."""
    return Step(epoch, epochs, rows + 1000, rows, train_size)


def loss_of(case: Case, sources: Mapping[str, Any], present: Tensor, targets: Tensor, epoch: int = 0) -> Tensor:
    """Forward pass and loss of one training batch, seeded; rows are those of the first batch."""
    model = Joint({}, case.module, case.task).train()
    seed(epoch)
    prediction: Prediction = case.module(copied(sources), present.clone())
    rows = torch.arange(len(targets))
    return model.loss(prediction, targets.clone(), step_at(epoch, rows, len(targets)))


def a_little(case: Case, steps: int = 3) -> Case:
    """The fusion after a few optimiser steps on batches in which everything is there."""
    optimiser = torch.optim.Adam(list(trainable(case).values()), lr=LEARNING_RATE)
    for epoch in range(steps):
        sources, targets = toy(case, 16, epoch)
        optimiser.zero_grad()
        loss_of(case, sources, torch.ones(16, len(sources), dtype=torch.bool), targets, epoch).backward()
        optimiser.step()
    return case


def fitted(case: Case, epochs: int = LOOP.epochs, test: Read | None = None) -> Dataset:
    """Fit the fusion by the engine's loop; gives the dataset, whose test inputs are read by ``test`` if given."""
    trainable(case)
    dataset = toy_dataset(case, test)
    train, validation = (_source(dataset.splits[name]) for name in ("train", "validation"))
    seed(0)
    fit(Joint({}, case.module, case.task), regular(), train, validation, replace(LOOP, epochs=epochs), 0, "cpu")
    return dataset


def _source(split: Split) -> Source:
    names = NAMES[: split.present.shape[1]]
    return Source(split.ids, split.targets, split.present, {name: partial(split.read, name) for name in names})
