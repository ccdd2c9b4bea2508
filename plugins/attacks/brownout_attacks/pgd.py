"""Projected gradient descent."""

from __future__ import annotations

from typing import Literal

from brownout_attacks.common import Tensors, ascent, clipped, inside, random_start, tensors_of
from brownout_attacks.losses import LOSSES, LossName
from brownout_attacks.restarts import restarted
from brownout_blocks import Norm, direction
from brownout_registry import Attack, Attacked, above, check_choice, check_count, check_number, check_option

StepUnit = Literal["budget", "absolute"]


def pgd(
    *,
    steps: int = 20,
    step_size: float | None = None,
    step_unit: StepUnit = "budget",
    random_start: bool = True,
    restarts: int = 1,
    loss: LossName = "cross-entropy",
) -> Attack:
    r"""Projected gradient descent, $x^{t+1} = \Pi(x^t + \alpha\, sign(\nabla_x L(x^t, y)))$, in the L-infinity ball.

    Madry et al. 2018, section 2.1. The result is the last iterate. Several modalities step at once, each with a
    step and a ball of its own. After each step the input is clipped to its range, projected onto the ball and
    clipped again, as in cleverhans.

    Variants: ``madry-2018`` is the paper's attack on CIFAR-10, 20 steps of a quarter of the budget (2/255 at 8/255);
    ``jacobian-2022`` the Jacobian paper's, 20 steps of .001 (with its budget of .03: ``levels: [0.03]``). It took
    cleverhans, whose default is a random start; with ``random_start: false`` it can use .02 of its .03.

    Args:
        steps: how many.
        step_size: alpha; None takes ``2.5 / steps`` budgets.
        step_unit: of ``step_size``: shares of each modality's ``budget``, or ``absolute`` in attack units.
        random_start: whether to start at uniform noise in plus or minus the budget, or at the clean input.
        restarts: how many random starts; what withstands one meets the next.
        loss: what is raised: ``cross-entropy``, ``dlr`` (Croce & Hein 2020) or ``margin`` (Carlini & Wagner 2017).

    Returns:
        An attack, see `brownout_registry.Attack`.

    Raises:
        UsageError: an option out of its range.

    Example:
        >>> import torch
        >>> from brownout_registry import Attacked
        >>> W = torch.tensor([[1.0, -1.0], [-1.0, 1.0]])
        >>> attacked = Attacked({"sound": torch.tensor([[0.2, 0.1]])}, {"sound": 0.05}, {"sound": None},
        ...                     torch.tensor([0]), lambda inputs, rows=None: inputs["sound"] @ W.T, {})
        >>> pgd(random_start=False)(attacked)
        {'sound': tensor([[0.1500, 0.1500]])}
    """
    return _pgd("pgd", "linf", steps, step_size, step_unit, random_start, restarts, loss)


def pgd_l2(
    *,
    steps: int = 20,
    step_size: float | None = None,
    step_unit: StepUnit = "budget",
    random_start: bool = True,
    restarts: int = 1,
    loss: LossName = "cross-entropy",
) -> Attack:
    r"""Projected gradient descent in the L2 ball: steps along $\nabla_x L / \|\nabla_x L\|_2$.

    For all else see `pgd`. A random start is uniform in plus or minus the budget, projected onto the ball, as in
    cleverhans.

    Args:
        steps: how many.
        step_size: alpha; None takes ``2.5 / steps`` budgets.
        step_unit: of ``step_size``: shares of each modality's ``budget``, or ``absolute`` in attack units.
        random_start: whether to start at noise, or at the clean input.
        restarts: how many random starts; what withstands one meets the next.
        loss: what is raised: ``cross-entropy``, ``dlr`` or ``margin``.

    Raises:
        UsageError: an option out of its range.

    Example:
        >>> import torch
        >>> from brownout_registry import Attacked
        >>> W = torch.tensor([[3.0, -4.0], [-3.0, 4.0]])
        >>> attacked = Attacked({"sound": torch.zeros(1, 2)}, {"sound": 1.0}, {"sound": None},
        ...                     torch.tensor([0]), lambda inputs, rows=None: inputs["sound"] @ W.T, {})
        >>> pgd_l2(random_start=False)(attacked)
        {'sound': tensor([[-0.6000,  0.8000]])}
    """
    return _pgd("pgd-l2", "l2", steps, step_size, step_unit, random_start, restarts, loss)


def _pgd(
    name: str,
    norm: Norm,
    steps: int,
    step_size: float | None,
    step_unit: StepUnit,
    randomly: bool,
    restarts: int,
    loss: LossName,
) -> Attack:
    where = f"attack {name!r}"
    check_count(where, "steps", steps)
    if step_size is not None:
        check_number(where, "step_size", step_size, "null or a positive number", above(0))
    check_choice(where, "step_unit", step_unit, ("budget", "absolute"))
    check_restarts(where, restarts, randomly)
    check_choice(where, "loss", loss, LOSSES)
    length = 2.5 / steps if step_size is None else step_size
    absolute = step_size is not None and step_unit == "absolute"

    def search(attacked: Attacked, restart: int) -> Tensors:
        alpha = {m: length if absolute else length * budget for m, budget in attacked.budgets.items()}
        found = start(name, attacked, restart, norm, randomly)
        for _ in range(steps):
            gradients, _, _ = ascent(attacked, found, LOSSES[loss])
            stepped = {m: x + alpha[m] * direction(gradients[m], norm) for m, x in found.items()}
            found = inside(attacked, stepped, norm)
        return found

    return restarted(search, restarts, LOSSES[loss])


def start(name: str, attacked: Attacked, restart: int, norm: Norm, randomly: bool) -> Tensors:
    """Where a search starts: at random in the ball, or at the clean inputs.

    Raises:
        UsageError: an attacked modality is text.
    """
    clean = tensors_of(name, attacked)
    return random_start(attacked, restart, norm) if randomly else clipped(attacked, clean)


def check_restarts(where: str, restarts: int, randomly: bool) -> None:
    """Refuse no start at all, and several that are the same."""
    check_count(where, "restarts", restarts)
    check_option(randomly or restarts == 1, where, "restarts", restarts, "1 without random_start")
