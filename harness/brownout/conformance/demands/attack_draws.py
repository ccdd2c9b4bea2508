"""Demands on attacks: each sample by itself, from keyed noise alone, at no cost to the model."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

from brownout.conformance.demands import demand
from brownout.conformance.demands.attack_cases import SAMPLES, Case, cases
from brownout.conformance.demands.global_states import changed_generators, restored, seeded
from brownout.conformance.kit import NotApplicable, Subject
from brownout.engine.inputs import rows_of

TOLERANCE = 1e-4
ROUNDING = 1e-3
"""As a share of the budget: more padding changes how lengths are rounded, and a search may amplify that."""


def batch_does_not_matter(subject: Subject) -> None:
    """Another order, and fewer companions."""
    for case in cases(subject):
        _same_rows(case, ([4, 3, 2, 1, 0], [3, 1]))


def batch_of_one(subject: Subject) -> None:
    """Against the same sample in a batch."""
    for case in cases(subject):
        _same_rows(case, ([2],))


def padding_does_not_matter(subject: Subject) -> None:
    """Seven steps more than the longest sample has."""
    padded = [case for case in cases(subject) if {*case.kinds} & {"audio", "sequence"}]
    if not padded:
        raise NotApplicable("it takes no kind that is padded")
    for case in padded:
        attacked = case.attacked()
        found, other = case.run(attacked), case.run(case.attacked(more=7))
        for name, lengths in attacked.lengths.items():
            for row, length in enumerate(torch.as_tensor(lengths).tolist()):
                beyond = found[name][row, length:], attacked.inputs[name][row, length:]
                demand(torch.equal(*beyond), f"{case}: wrote where sample {row} is padding: mind attacked.lengths")
                one, two = (each[name][row, :length] for each in (found, other))
                message = f"{case}: sample {row} comes out otherwise with more padding: mind attacked.lengths"
                demand(torch.allclose(one, two, atol=ROUNDING * attacked.budgets[name]), message)


def repeatable(subject: Subject) -> None:
    """Under two global seeds."""
    with restored():
        for case in cases(subject):
            results = []
            for seed in (1, 2):
                before = seeded(seed)
                results.append(case.run(case.attacked()))
                changed = changed_generators(before)
                demand(not changed, f"{case} drew from the global generator of {changed}: use attacked.noise")
            demand(_close(*results), f"{case}: the second run differs: draw from attacked.noise alone")


def no_parameter_gradients(subject: Subject) -> None:
    """Of parameters that would take one."""
    for case in cases(subject):
        case.run(case.attacked())
        given = [name for name, each in case.model.named_parameters() if each.grad is not None]
        demand(not given, f"{case}: gradients were left in the model's {given}: use torch.autograd.grad of the inputs")
        frozen = [name for name, each in case.model.named_parameters() if not each.requires_grad]
        demand(not frozen, f"{case}: it switched off the gradients of the model's {frozen}")


def _same_rows(case: Case, choices: tuple[list[int], ...]) -> None:
    together = case.run(case.attacked())
    for rows in choices:
        expected = {name: rows_of(inputs, torch.tensor(rows)) for name, inputs in together.items()}
        message = f"{case}: samples {rows} come out otherwise than in a batch of {SAMPLES}"
        demand(_close(case.run(case.attacked(rows)), expected), message)


def _close(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    return all(
        one[name].shape == inputs.shape and torch.allclose(one[name], inputs, atol=TOLERANCE)
        if isinstance(inputs, Tensor)
        else one[name] == inputs
        for name, inputs in other.items()
    )
