"""Adversarial inputs by the sign or direction of a gradient: pure functions on tensors.

Several inputs are attacked together, by name; the norm is taken of each sample of each input.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeAlias

import torch
from torch import Tensor

from brownout_blocks import Norm, direction, project, uniform_start

LossOf: TypeAlias = Callable[[Mapping[str, Tensor]], Tensor]
"""From inputs ``{name: [B, ...]}`` to the scalar that an attack increases, best a sum over samples."""


def fgsm_step(
    loss_of: LossOf, inputs: Mapping[str, Tensor], step_size: float, norm: Norm = "linf"
) -> dict[str, Tensor]:
    r"""One step of the fast gradient method, $x + \epsilon\, sign(\nabla_x L)$, or its L2 form.

    "Explaining and Harnessing Adversarial Examples" (Goodfellow et al., 2015), section 4.

    Args:
        loss_of: what to increase; for a target label give the negative loss of that label.
        inputs: ``{name: [B, ...]}``.
        step_size: norm of the step, in the input's unit.
        norm: which norm.

    Returns:
        Inputs of the same shapes, detached.

    Example:
        >>> fgsm_step(lambda x: -x["sound"].square().sum(), {"sound": torch.tensor([[1.0, -2.0]])}, 0.5)
        {'sound': tensor([[ 0.5000, -1.5000]])}
    """
    leaves = {name: x.detach().requires_grad_() for name, x in inputs.items()}
    with torch.enable_grad():
        loss = loss_of(leaves)
    gradients = torch.autograd.grad(loss, list(leaves.values()), allow_unused=True, materialize_grads=True)
    return {
        name: x.detach() + step_size * direction(gradient, norm)
        for (name, x), gradient in zip(inputs.items(), gradients, strict=True)
    }


def random_start(inputs: Mapping[str, Tensor], epsilon: float) -> dict[str, Tensor]:
    """A perturbation whose entries are uniform in [-epsilon, epsilon), from torch's global generator.

    Example:
        >>> bool(random_start({"sound": torch.zeros(1, 9)}, 0.1)["sound"].abs().max() <= 0.1)
        True
    """
    return {name: uniform_start(torch.rand_like(x), epsilon) for name, x in inputs.items()}


def pgd(
    loss_of: LossOf,
    inputs: Mapping[str, Tensor],
    *,
    epsilon: float,
    step_size: float,
    steps: int,
    norm: Norm = "linf",
    bounds: tuple[float, float] | None = None,
    start: Mapping[str, Tensor] | None = None,
    rooms: Mapping[str, Tensor] | None = None,
) -> dict[str, Tensor]:
    r"""Projected gradient descent, $x^{t+1} = \Pi_{\|x' - x\| \le \epsilon}(x^t + \alpha\, sign(\nabla L))$.

    "Towards Deep Learning Models Resistant to Adversarial Attacks" (Madry et al., 2018), section 2.1. The
    range of valid inputs is kept after each step and after each projection.

    Args:
        loss_of: what to increase.
        inputs: ``{name: [B, ...]}``.
        epsilon: largest norm of the perturbation, in the input's unit.
        step_size: alpha, norm of one step.
        steps: how many.
        norm: which norm.
        bounds: smallest and largest valid input.
        start: the first perturbation, see `random_start`; zero if None.
        rooms: bool, broadcast to each input: where it may change.

    Returns:
        Adversarial inputs, detached.

    Example:
        >>> loss_of = lambda x: x["sound"].sum()
        >>> pgd(loss_of, {"sound": torch.zeros(1, 2)}, epsilon=0.3, step_size=0.2, steps=5)
        {'sound': tensor([[0.3000, 0.3000]])}
    """
    clean = {name: x.detach() for name, x in inputs.items()}

    def moved(delta: Mapping[str, Tensor]) -> dict[str, Tensor]:
        balls = {name: clean[name] + project(each, epsilon, norm) for name, each in delta.items()}
        return _restricted(balls, clean, bounds, rooms)

    adversarial = moved(start) if start is not None else clean
    for _ in range(steps):
        stepped = _restricted(fgsm_step(loss_of, adversarial, step_size, norm), clean, bounds, rooms)
        adversarial = moved({name: x - clean[name] for name, x in stepped.items()})
    return adversarial


def _restricted(
    inputs: Mapping[str, Tensor],
    clean: Mapping[str, Tensor],
    bounds: tuple[float, float] | None,
    rooms: Mapping[str, Tensor] | None,
) -> dict[str, Tensor]:
    """Valid values where there is room to change, clean ones elsewhere."""
    valid = {name: x.clamp(*bounds) if bounds else x for name, x in inputs.items()}
    return {name: torch.where(rooms[name], x, clean[name]) if rooms else x for name, x in valid.items()}
