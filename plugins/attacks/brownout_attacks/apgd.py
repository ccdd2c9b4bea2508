"""Auto-PGD: projected gradient descent with momentum that finds its own step sizes."""

from __future__ import annotations

from math import ceil

import torch
from torch import Tensor

from brownout_attacks.common import Best, Tensors, ascent, chosen, fooled, inside
from brownout_attacks.losses import LOSSES, Loss, LossName
from brownout_attacks.pgd import check_restarts, start
from brownout_attacks.restarts import restarted
from brownout_blocks import Norm, by_row, direction
from brownout_registry import Attack, Attacked, check_choice, check_count

ALPHA = 0.75
"""Weight of the gradient step against the momentum."""
RHO = 0.75
"""A stretch of steps of which a smaller share raises the loss halves the step size."""


def apgd(*, steps: int = 100, random_start: bool = True, restarts: int = 1, loss: LossName = "cross-entropy") -> Attack:
    r"""Auto-PGD in the L-infinity ball (Croce & Hein 2020, algorithm 1): no step size to choose.

    .. math::
        z^{k+1} &= \Pi(x^k + \eta^k\, sign(\nabla_x L(x^k))) \\
        x^{k+1} &= \Pi(x^k + \alpha (z^{k+1} - x^k) + (1 - \alpha)(x^k - x^{k-1}))

    with :math:`\alpha = .75` and :math:`\eta^0 = 2 \epsilon`. At the checkpoints (see `checkpoints`) a sample's step
    size is halved and its search goes on from its best point, if fewer than :math:`\rho = .75` of the steps since
    the last checkpoint raised its loss, or if since then neither its step size nor its best loss changed. The result
    is the point of largest loss among those that fool the model, or among all where none does. Several modalities
    share each sample's schedule, in shares of their budgets.

    The variant ``autoattack-2020`` is the attack's part in AutoAttack: 100 steps and 5 starts.

    Args:
        steps: how many.
        random_start: whether to start at uniform noise in plus or minus the budget, or at the clean input.
        restarts: how many random starts; what withstands one meets the next.
        loss: what is raised: ``cross-entropy``, ``dlr`` (eq. 6) or ``margin``.

    Returns:
        An attack, see `brownout_registry.Attack`.

    Raises:
        UsageError: an option out of its range.

    Example:
        >>> from brownout_registry import Attacked
        >>> W = torch.tensor([[1.0, -1.0], [-1.0, 1.0]])
        >>> attacked = Attacked({"sound": torch.tensor([[0.2, 0.1]])}, {"sound": 0.05}, {"sound": None},
        ...                     torch.tensor([0]), lambda inputs, rows=None: inputs["sound"] @ W.T, {})
        >>> apgd(steps=10, random_start=False)(attacked)
        {'sound': tensor([[0.1500, 0.1500]])}
    """
    return _apgd("apgd", "linf", steps, random_start, restarts, loss)


def apgd_l2(
    *, steps: int = 100, random_start: bool = True, restarts: int = 1, loss: LossName = "cross-entropy"
) -> Attack:
    r"""Auto-PGD in the L2 ball: steps along $\nabla_x L / \|\nabla_x L\|_2$; for all else see `apgd`.

    Args:
        steps: how many.
        random_start: whether to start at noise, or at the clean input.
        restarts: how many random starts; what withstands one meets the next.
        loss: what is raised: ``cross-entropy``, ``dlr`` or ``margin``.

    Raises:
        UsageError: an option out of its range.

    Example:
        >>> from brownout_registry import Attacked
        >>> W = torch.tensor([[3.0, -4.0], [-3.0, 4.0]])
        >>> attacked = Attacked({"sound": torch.zeros(1, 2)}, {"sound": 1.0}, {"sound": None},
        ...                     torch.tensor([0]), lambda inputs, rows=None: inputs["sound"] @ W.T, {})
        >>> apgd_l2(steps=10, random_start=False)(attacked)
        {'sound': tensor([[-0.6000,  0.8000]])}
    """
    return _apgd("apgd-l2", "l2", steps, random_start, restarts, loss)


def checkpoints(steps: int) -> list[int]:
    r"""The steps :math:`w_j = \lceil p_j N \rceil` after which step sizes are judged (Croce & Hein 2020, section 3).

    :math:`p_0 = 0, p_1 = .22, p_{j+1} = p_j + \max(p_j - p_{j-1} - .03, .06)`.

    Example:
        >>> checkpoints(100)
        [0, 22, 41, 57, 70, 80, 87, 93, 99]
    """
    shares = [0.0, 0.22]
    while shares[-1] < 1:
        shares.append(shares[-1] + max(shares[-1] - shares[-2] - 0.03, 0.06))
    return [ceil(share * steps - 1e-9) for share in shares if share <= 1]


def _apgd(name: str, norm: Norm, steps: int, randomly: bool, restarts: int, loss: LossName) -> Attack:
    where = f"attack {name!r}"
    check_count(where, "steps", steps)
    check_restarts(where, restarts, randomly)
    check_choice(where, "loss", loss, LOSSES)

    def search(attacked: Attacked, restart: int) -> Tensors:
        return _Search(attacked, norm, LOSSES[loss], start(name, attacked, restart, norm, randomly)).run(steps)

    return restarted(search, restarts, LOSSES[loss])


class _Search:
    """One run of algorithm 1: x and its gradients g and losses f; best_x, best_g and best_f of the largest f so far."""

    def __init__(self, attacked: Attacked, norm: Norm, loss: Loss, x: Tensors) -> None:
        self.attacked, self.norm, self.loss = attacked, norm, loss
        self.g, self.f, logits = ascent(attacked, x, loss)
        self.x = self.previous = self.best_x = x
        self.best_g, self.best_f = self.g, self.f
        self.eta = torch.full_like(self.f, 2.0)
        self.raised = torch.zeros_like(self.f)
        self.since, self.eta_then, self.best_then = 0, self.eta, self.best_f
        self.worst = Best(x, self.f, fooled(logits, attacked.targets))

    def run(self, steps: int) -> Tensors:
        """The worst inputs of ``steps`` steps; a checkpoint judges the steps up to the one before."""
        marks = checkpoints(steps)
        for k in range(steps):
            before, raised = self.f, self.raised
            self.step(momentum=k > 0)
            if k in marks:
                raised = self.judge(k, raised)
            self.raised = raised + (self.f > before)
        return self.worst.inputs

    def step(self, momentum: bool) -> None:
        """To the next x; its gradients and losses, and what they say of the best."""
        z = inside(self.attacked, {name: x + self.move(name) for name, x in self.x.items()}, self.norm)
        if momentum:
            carried = {n: x + ALPHA * (z[n] - x) + (1 - ALPHA) * (x - self.previous[n]) for n, x in self.x.items()}
            z = inside(self.attacked, carried, self.norm)
        self.previous, self.x = self.x, z
        self.g, self.f, logits = ascent(self.attacked, z, self.loss)
        self.worst.offer(z, self.f, fooled(logits, self.attacked.targets))
        better = self.f > self.best_f
        self.best_x, self.best_g = chosen(better, z, self.best_x), chosen(better, self.g, self.best_g)
        self.best_f = torch.where(better, self.f, self.best_f)

    def move(self, name: str) -> Tensor:
        sizes = by_row(self.eta, self.g[name]) * self.attacked.budgets[name]
        return sizes.to(self.g[name]) * direction(self.g[name], self.norm)

    def judge(self, k: int, raised: Tensor) -> Tensor:
        """Conditions 1 and 2 for ``raised`` steps since the last checkpoint; halve and go on from the best, or not."""
        few = raised < RHO * (k - self.since)
        stuck = (self.eta == self.eta_then) & (self.best_f == self.best_then)
        halve = (few | stuck) & (k > 0)
        self.since, self.eta_then, self.best_then = k, self.eta, self.best_f
        self.eta = torch.where(halve, self.eta / 2, self.eta)
        self.x, self.g = chosen(halve, self.best_x, self.x), chosen(halve, self.best_g, self.g)
        self.f = torch.where(halve, self.best_f, self.f)
        return torch.zeros_like(raised)
