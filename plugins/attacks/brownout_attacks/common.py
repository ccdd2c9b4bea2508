"""What the attacks share: gradients, the set that is searched, the best that was found, some of the samples."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, TypeAlias

import numpy as np
import torch
from torch import Tensor

from brownout_attacks.losses import Loss
from brownout_blocks import Norm, by_row, project, take, uniform_start
from brownout_registry import Attacked, Noise, UsageError

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
    """The inputs in their declared ranges."""
    bounds = attacked.bounds
    return {name: x if (b := bounds[name]) is None else x.clamp(b[0], b[1]) for name, x in inputs.items()}


def inside(attacked: Attacked, inputs: Mapping[str, Tensor], norm: Norm) -> Tensors:
    """The inputs in their ranges and balls: clipped, projected, and clipped, as cleverhans does after each step.

    In the L-infinity ball the first clipping makes no difference and is left out.
    """
    clean, budgets = attacked.inputs, attacked.budgets
    valid = clipped(attacked, inputs) if norm == "l2" else inputs
    deltas = {name: project(x - clean[name], budgets[name], norm) for name, x in valid.items()}
    return clipped(attacked, {name: clean[name] + delta for name, delta in deltas.items()})


def random_start(attacked: Attacked, restart: int, norm: Norm) -> Tensors:
    """The clean inputs plus noise, uniform in plus or minus the budget and projected onto the ball."""
    moved = {}
    for name, clean in attacked.inputs.items():
        draws, budget = attacked.noise[name].uniform(f"start {restart}", tuple(clean.shape[1:])), attacked.budgets[name]
        moved[name] = clean + project(uniform_start(draws.to(clean), budget), budget, norm)
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


def narrowed(attacked: Attacked, rows: Tensor) -> Attacked:
    """Some of the samples, int64 ``[R]``, as all there is."""

    def logits(inputs: Mapping[str, Any], more: Tensor | None = None) -> Tensor:
        result: Tensor = attacked.logits(inputs, rows if more is None else rows[more])
        return result

    return replace(
        attacked,
        inputs={name: take(x, rows) for name, x in attacked.inputs.items()},
        bounds={name: b and _bounds_of(b, attacked.inputs[name], rows) for name, b in attacked.bounds.items()},
        targets=attacked.targets[rows],
        logits=logits,
        noise={name: _Some(each, rows.tolist()) for name, each in attacked.noise.items()},
    )


def _bounds_of(bounds: tuple[Tensor, Tensor], inputs: Tensor, rows: Tensor) -> tuple[Tensor, Tensor]:
    """The bounds of some rows, if they differ between rows."""
    low, high = (b[rows] if b.ndim == inputs.ndim and len(b) > 1 else b for b in bounds)
    return low, high


@dataclass(frozen=True)
class _Some:
    """The noise of some samples."""

    noise: Noise
    rows: list[int]

    def uniform(self, label: str, shape: tuple[int, ...] = ()) -> Tensor:
        return self.noise.uniform(label, shape)[self.rows]

    def normal(self, label: str, shape: tuple[int, ...] = ()) -> Tensor:
        return self.noise.normal(label, shape)[self.rows]

    def generators(self, label: str) -> Iterator[np.random.Generator]:
        every = list(self.noise.generators(label))
        return (every[row] for row in self.rows)
