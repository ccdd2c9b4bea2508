"""Attacks of one step: up the gradient, and out of the ball."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import torch

from brownout_registry import Attacked

CALLS: list[str] = []
"""What was attacked in this process, one entry for each call."""


def nudge(*, far: float = 1.0) -> Callable[[Attacked], Mapping[str, Any]]:
    """x + far ε sign(∂ loss / ∂ x), within the bounds; ``far`` above 1 leaves the ball."""

    def attack(attacked: Attacked) -> Mapping[str, Any]:
        CALLS.append("+".join(attacked.inputs))
        inputs = {name: values.clone().requires_grad_(True) for name, values in attacked.inputs.items()}
        loss = torch.nn.functional.cross_entropy(attacked.logits(inputs), attacked.targets, reduction="sum")
        gradients = torch.autograd.grad(loss, list(inputs.values()), allow_unused=True)
        found = {}
        for (name, values), gradient in zip(inputs.items(), gradients, strict=True):
            step = torch.zeros_like(values) if gradient is None else gradient.sign()
            moved = values.detach() + far * attacked.budgets[name] * step
            bounds = attacked.bounds[name]
            found[name] = moved if bounds is None else torch.maximum(torch.minimum(moved, bounds[1]), bounds[0])
        return found

    return attack


def hush() -> Callable[[Attacked], Mapping[str, Any]]:
    """Empties texts where that raises the loss, whatever the budget."""

    def attack(attacked: Attacked) -> Mapping[str, Any]:
        empty = {name: [""] * len(attacked) for name in attacked.inputs}
        loss = torch.nn.CrossEntropyLoss(reduction="none")
        with torch.no_grad():
            gains = loss(attacked.logits(empty), attacked.targets) > loss(
                attacked.logits(attacked.inputs), attacked.targets
            )
        return {
            name: ["" if gain else text for text, gain in zip(texts, gains.tolist(), strict=True)]
            for name, texts in attacked.inputs.items()
        }

    return attack
