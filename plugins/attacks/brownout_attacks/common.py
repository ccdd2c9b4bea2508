"""What the attacks share: gradients, the set that is searched, the best that was found."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeAlias

import torch
from torch import Tensor

from brownout_attacks.losses import Loss
from brownout_blocks import Norm, by_row, project, uniform_start
from brownout_registry import Attacked, UsageError

Tensors: TypeAlias = dict[str, Tensor]


def tensors_of(attack: str, attacked: Attacked) -> Tensors:
    """The clean inputs.

    Raises:
        UsageError: one of them is text.
    """
    for name, inputs in attacked.inputs.items():
        if not isinstance(inputs, Tensor):
            raise UsageError(
                f"attack {attack!r}: {name!r} is text, to which no numbers can be added; "
                "take attack 'greedy-masking', or attack the text's embeddings or features"
            )
    return {name: inputs.detach() for name, inputs in attacked.inputs.items()}


def ascent(attacked: Attacked, inputs: Mapping[str, Tensor], loss: Loss) -> tuple[Tensors, Tensor, Tensor]:
    """Gradients of each sample's loss in its own inputs.

    The losses are summed, so no sample's gradient depends on another. Where a gradient is not a number it counts
    as zero, and so does the gradient of a model that does not use the input.

    Returns:
        Gradients like the inputs, losses ``[B]``, logits ``[B, K]``, all detached.
    """
    leaves = {name: x.detach().requires_grad_() for name, x in inputs.items()}
    with torch.enable_grad():
        logits = attacked.logits(leaves)
        losses = loss(logits, attacked.targets)
    gradients: tuple[Tensor, ...] = tuple(torch.zeros_like(x) for x in inputs.values())
    if losses.requires_grad:
        found = torch.autograd.grad(losses.sum(), list(leaves.values()), allow_unused=True, materialize_grads=True)
        gradients = tuple(torch.nan_to_num(each) for each in found)
    return dict(zip(inputs, gradients, strict=True)), losses.detach(), logits.detach()


def clipped(attacked: Attacked, inputs: Mapping[str, Tensor]) -> Tensors:
    """The inputs in their declared ranges, and their padding as it was."""
    bounds = attacked.bounds
    valid = {name: x if (b := bounds[name]) is None else x.clamp(b[0], b[1]) for name, x in inputs.items()}
    return {name: within(attacked.lengths.get(name), x, attacked.inputs[name]) for name, x in valid.items()}


def within(lengths: Tensor | None, inside: Tensor, beyond: Tensor | float) -> Tensor:
    """One tensor within each sample's steps, another one (or a number) beyond.

    Args:
        lengths: int64 ``[B]``, how many steps are real, along dimension 1; None: all.
        inside: ``[B, T, ...]``.
        beyond: broadcast to it.

    Example:
        >>> within(torch.tensor([2, 1]), torch.ones(2, 3), 0.0)
        tensor([[1., 1., 0.],
                [1., 0., 0.]])
    """
    if lengths is None:
        return inside
    real = torch.arange(inside.shape[1], device=inside.device) < lengths.to(inside.device)[:, None]
    return torch.where(real.reshape(*real.shape, *[1] * (inside.ndim - 2)), inside, beyond)


def inside(attacked: Attacked, inputs: Mapping[str, Tensor], norm: Norm) -> Tensors:
    """The inputs in their ranges and balls: clipped, projected, and clipped, as cleverhans does after each step.

    In the L-infinity ball the first clipping makes no difference and is left out.
    """
    clean, budgets = attacked.inputs, attacked.budgets
    valid = clipped(attacked, inputs) if norm == "l2" else inputs
    deltas = {name: project(x - clean[name], budgets[name], norm) for name, x in valid.items()}
    return clipped(attacked, {name: clean[name] + delta for name, delta in deltas.items()})


def random_start(attacked: Attacked, restart: int, norm: Norm) -> Tensors:
    """The clean inputs plus noise, uniform in plus or minus the budget, none in padding, projected onto the ball."""
    moved = {}
    for name, clean in attacked.inputs.items():
        draws, budget = attacked.noise[name].uniform(f"start {restart}", tuple(clean.shape[1:])), attacked.budgets[name]
        noise = within(attacked.lengths.get(name), uniform_start(draws.to(clean), budget), 0.0)
        moved[name] = clean + project(noise, budget, norm)
    return clipped(attacked, moved)


def fooled(logits: Tensor, targets: Tensor) -> Tensor:
    """Which samples are not given their label, bool ``[B]``."""
    return logits.argmax(1) != targets


@dataclass
class Best:
    """The worst inputs found so far: those that fool before those that do not, then by loss."""

    inputs: Tensors
    losses: Tensor
    fooled: Tensor

    def offer(self, inputs: Mapping[str, Tensor], losses: Tensor, fools: Tensor) -> None:
        """Keep what is worse for the model."""
        better = (fools & ~self.fooled) | ((fools == self.fooled) & (losses > self.losses))
        self.inputs = chosen(better, inputs, self.inputs)
        self.losses = torch.where(better, losses, self.losses)
        self.fooled = self.fooled | fools


def chosen(rows: Tensor, these: Mapping[str, Tensor], those: Mapping[str, Tensor]) -> Tensors:
    """These inputs in some rows (bool ``[B]``), those in the others."""
    return {name: torch.where(by_row(rows, x), these[name], x) for name, x in those.items()}
