"""Demands on attacks: what they may change, and how far."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import zip_longest
from typing import Any

import torch
from torch import Tensor
from torch.nn.functional import cross_entropy

from brownout.conformance.demands import demand
from brownout.conformance.demands.attack_cases import Case, cases, joint_case
from brownout.conformance.kit import NotApplicable, Subject
from brownout.conformance.samples import copy_of, same
from brownout_registry import ORDERS, Attacked

TOLERANCE = 1e-5


def same_form(subject: Subject) -> None:
    """Of every kind."""
    for case in cases(subject):
        attacked = case.attacked()
        result = case.run(attacked)
        demand(
            set(result) == set(attacked.inputs), f"{case}: gave {sorted(result)}, expected {sorted(attacked.inputs)}"
        )
        for name, clean in attacked.inputs.items():
            _has_form(result[name], clean, str(case))


def input_untouched(subject: Subject) -> None:
    """The mapping and what it holds."""
    for case in cases(subject):
        attacked = case.attacked()
        before = {name: copy_of(inputs) for name, inputs in attacked.inputs.items()}
        case.run(attacked)
        kept = before.keys() == attacked.inputs.keys() and all(same(before[n], attacked.inputs[n]) for n in before)
        demand(kept, f"{case} changed its inputs in place: give new ones")


def within_budget(subject: Subject) -> None:
    """Of every kind."""
    for case in cases(subject):
        attacked = case.attacked()
        _stays_in_balls(case, attacked, case.run(attacked))


def within_bounds(subject: Subject) -> None:
    """Under a budget that reaches beyond them."""
    bounded = False
    for case in cases(subject):
        attacked = case.attacked(budget=0.8)
        result = case.run(attacked)
        for name, bounds in attacked.bounds.items():
            if bounds is None:
                continue
            bounded, (low, high) = True, bounds
            inside = bool(((result[name] >= low - TOLERANCE) & (result[name] <= high + TOLERANCE)).all())
            demand(inside, f"{case}: values leave {float(low):g} to {float(high):g}, all that is valid")
    if not bounded:
        raise NotApplicable("it takes no kind that declares a range")


def zero_budget(subject: Subject) -> None:
    """Up to rounding."""
    for case in cases(subject):
        attacked = case.attacked(budget=0.0)
        result = case.run(attacked)
        for name, clean in attacked.inputs.items():
            still = bool((_distances(clean, result[name], case) <= 1e-6).all())
            demand(still, f"{case}: with budget 0 it changed its input")


def does_harm(subject: Subject) -> None:
    """Mean cross-entropy of all samples."""
    for case in cases(subject):
        attacked = case.attacked()
        clean, dirty = (_loss(attacked, inputs) for inputs in (attacked.inputs, case.run(attacked)))
        demand(dirty >= clean - TOLERANCE, f"{case}: the mean loss goes from {clean:.4g} down to {dirty:.4g}")


def joint_if_claimed(subject: Subject) -> None:
    """Two kinds with unequal budgets, both of which are used."""
    case = joint_case(subject)
    attacked = case.attacked()
    result = case.run(attacked)
    demand(set(result) == set(attacked.inputs), f"{case}: gave {sorted(result)}, expected {sorted(attacked.inputs)}")
    _stays_in_balls(case, attacked, result)
    for name, clean in attacked.inputs.items():
        demand(not same(result[name], clean), f"{case}: left {name!r} as it was, though its card says joint")


def _stays_in_balls(case: Case, attacked: Attacked, result: Mapping[str, Any]) -> None:
    for name, clean in attacked.inputs.items():
        farthest, budget = float(_distances(clean, result[name], case).max()), attacked.budgets[name]
        inside = farthest <= budget * (1 + TOLERANCE) + TOLERANCE
        demand(inside, f"{case}: moved {name!r} by {farthest:.6g} ({case.card.norm}), its budget is {budget:g}")


def _distances(clean: Any, dirty: Any, case: Case) -> Tensor:
    """Of each sample, in the norm of the card; of a text the share of its words that are others."""
    if isinstance(clean, list):
        return torch.tensor([_changed_words(*pair) for pair in zip(clean, dirty, strict=True)])
    moved = (dirty - clean).flatten(1).double()
    found: Tensor = torch.linalg.vector_norm(moved, ORDERS[case.card.norm], dim=1)
    return found


def _changed_words(clean: str, dirty: str) -> float:
    pairs = list(zip_longest(clean.split(), dirty.split()))
    return sum(bool(one != other) for one, other in pairs) / max(1, len(clean.split()))


@torch.no_grad()
def _loss(attacked: Attacked, inputs: Mapping[str, Any]) -> float:
    loss: float = cross_entropy(attacked.logits(inputs), attacked.targets).item()
    return loss


def _has_form(result: Any, clean: Any, where: str) -> None:
    demand(type(result) is type(clean), f"{where}: gave {type(result).__name__}, got {type(clean).__name__}")
    if isinstance(clean, list):
        texts = len(result) == len(clean) and all(isinstance(text, str) for text in result)
        demand(texts, f"{where}: expected {len(clean)} texts")
        return
    for fact in ("shape", "dtype", "device"):
        found, expected = getattr(result, fact), getattr(clean, fact)
        demand(found == expected, f"{where}: gave {fact} {found}, got {expected}")
    demand(bool(torch.isfinite(result).all()), f"{where}: gave NaN or infinity")
    demand(not result.requires_grad, f"{where}: the result still hangs on a graph: detach it")
