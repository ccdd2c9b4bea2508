"""The plain training recipe."""

from __future__ import annotations

from dataclasses import dataclass

import torch

from brownout_registry import Batch, Model, Step, UsageError


@dataclass(frozen=True)
class Regular:
    """One forward and one backward pass per batch."""

    clip: float | None

    def train_batch(self, model: Model, batch: Batch, step: Step, optimiser: torch.optim.Optimizer) -> float:
        """Fit one batch and give its loss."""
        optimiser.zero_grad(set_to_none=True)
        loss = model.loss(model(batch.inputs, batch.present), batch.targets, step)
        loss.backward()
        if self.clip is not None:
            torch.nn.utils.clip_grad_norm_(list(model.parameters()), self.clip)
        optimiser.step()
        return float(loss.detach())


def regular(clip: float | None = None) -> Regular:
    """Regular training; ``clip`` bounds the gradient's norm.

    Example:
        >>> regular().clip is None
        True

    Raises:
        UsageError: ``clip`` is no positive number.
    """
    if clip is not None and not (isinstance(clip, int | float) and clip > 0):
        raise UsageError(f"recipe 'regular', option 'clip' is {clip!r}, expected a positive number or null")
    return Regular(clip)
