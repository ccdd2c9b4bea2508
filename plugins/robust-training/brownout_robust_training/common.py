"""What the recipes share: one optimiser step, crafting in evaluation mode, and checks of options."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import torch
from torch import Tensor, nn

from brownout_registry import Model, above, check_number, check_option


def descend(model: Model, loss: Tensor, optimiser: torch.optim.Optimizer, clip: float | None) -> float:
    """One optimiser step down a loss, the gradient's norm bounded by ``clip``; gives the loss."""
    optimiser.zero_grad(set_to_none=True)
    loss.backward()
    if clip is not None:
        nn.utils.clip_grad_norm_(list(model.parameters()), clip)
    optimiser.step()
    return float(loss.detach())


@contextmanager
def evaluating(model: Model) -> Iterator[None]:
    """Evaluation mode for a while, so that no statistics are updated and no units dropped.

    Recurrent layers keep their mode: cuDNN gives no gradients in evaluation mode, and they have no statistics.
    """
    modules = [each for top in (model.encoders, model.fusion) for each in top.modules()]
    before = [(each, each.training) for each in modules if not isinstance(each, nn.RNNBase)]
    for module, _ in before:
        module.training = False
    try:
        yield
    finally:
        for module, training in before:
            module.training = training


def check_clip(recipe: str, clip: float | None) -> None:
    """Refuse a gradient norm that is no positive number."""
    if clip is not None:
        check_number(f"recipe {recipe!r}", "clip", clip, "a positive number or null", above(0))


def check_modalities(recipe: str, modalities: str | Sequence[str]) -> None:
    """Refuse an empty list, and what are no names."""
    names = [modalities] if isinstance(modalities, str) else modalities
    ok = isinstance(names, list | tuple) and bool(names) and all(isinstance(name, str) for name in names)
    check_option(ok, f"recipe {recipe!r}", "modalities", modalities, "'all', a name or a list of names")


def bounds_of(recipe: str, bounds: Sequence[float] | None) -> tuple[float, float] | None:
    """The option ``range`` as a pair.

    Example:
        >>> bounds_of("free", [0, 1]), bounds_of("free", None)
        ((0.0, 1.0), None)

    Raises:
        UsageError: it is not two numbers in order.
    """
    if bounds is None:
        return None
    ok = isinstance(bounds, list | tuple) and len(bounds) == 2
    ok = ok and all(isinstance(each, int | float) and math.isfinite(each) for each in bounds) and bounds[0] < bounds[1]
    check_option(ok, f"recipe {recipe!r}", "range", bounds, "null or a list of two numbers, the smaller first")
    return float(bounds[0]), float(bounds[1])
