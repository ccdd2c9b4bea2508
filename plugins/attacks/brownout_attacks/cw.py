"""Carlini and Wagner's attack."""

from __future__ import annotations

import torch
from torch import Tensor

from brownout_attacks.common import Tensors, chosen, fooled, inside, tensors_of, within
from brownout_attacks.losses import margin
from brownout_registry import Attack, Attacked, above, check_count, check_number

EDGE = 1e-6
"""How far inside its range, as a share of it, an input begins: at its edge tanh has no gradient."""
FAR = 1e10
"""Where the weight c is given up."""


def cw_l2(
    *,
    steps: int = 100,
    search_steps: int = 9,
    initial_c: float = 1.0,
    step_size: float = 0.01,
    confidence: float = 0.0,
) -> Attack:
    r"""Carlini & Wagner's L2 attack (2017, section VI-A): the smallest change that fools the model.

    .. math:: \min_w\; \sum_m \|\delta_m\|_2^2 / \epsilon_m^2 + c\, \max(z_y - \max_{i \ne y} z_i, -\kappa)

    by Adam, where an input with a declared range is :math:`x + \delta = low + (high - low)(\tanh w + 1) / 2` and any
    other one :math:`x + w`. Each sample's c is searched by bisection: ten times larger while no change fools the
    model, between the largest that failed and the smallest that did not afterwards.

    The paper's attack has no budget, here :math:`\epsilon_m` is one: distances are measured in it, so that several
    modalities can be weighed, and c with them (the paper's c is :math:`c \epsilon^2`). Of the changes that fool the
    model the smallest is taken, and where there is none the one with the largest margin; a change larger than the
    budget is projected onto the ball, where it may fool no more.

    The variant ``carlini-2017`` has the paper's 20 steps of bisection and 10,000 of Adam.

    Args:
        steps: of Adam for each c.
        search_steps: how many c are tried.
        initial_c: the first; at 1 a logit weighs as much as the square of the budget.
        step_size: Adam's, of w.
        confidence: kappa, by how much another logit must be ahead.

    Returns:
        An attack, see `brownout_registry.Attack`.

    Raises:
        UsageError: an option out of its range.

    Example:
        >>> from brownout_registry import Attacked
        >>> W = torch.tensor([[3.0, -4.0], [-3.0, 4.0]])
        >>> attacked = Attacked({"sound": torch.tensor([[0.3, -0.4]])}, {"sound": 1.0}, {"sound": None},
        ...                     torch.tensor([0]), lambda inputs, rows=None: inputs["sound"] @ W.T, {})
        >>> moved = cw_l2()(attacked)["sound"]
        >>> round(float((moved - attacked.inputs["sound"]).norm()), 2)
        0.5
    """
    name = "attack 'cw-l2'"
    check_count(name, "steps", steps)
    check_count(name, "search_steps", search_steps)
    check_number(name, "initial_c", initial_c, "a positive number", above(0))
    check_number(name, "step_size", step_size, "a positive number", above(0))
    check_number(name, "confidence", confidence, "a number from 0", 0)

    def attack(attacked: Attacked) -> Tensors:
        clean = tensors_of("cw-l2", attacked)
        search = _Search(attacked, clean, confidence)
        c = torch.full_like(search.distance, initial_c)
        low, high = torch.zeros_like(c), torch.full_like(c, torch.inf)
        for _ in range(search_steps):
            success = search.descend(c, steps, step_size)
            low, high = torch.where(success, low, c), torch.where(success, c, high)
            c = torch.where(high.isinf(), (c * 10).clamp_max(FAR), (low + high) / 2)
        return inside(attacked, search.found, "l2")

    return attack


class _Search:
    """The smallest change of each sample that fools the model, or the one with the largest margin (``gap``)."""

    def __init__(self, attacked: Attacked, clean: Tensors, confidence: float) -> None:
        self.attacked, self.clean, self.confidence = attacked, clean, confidence
        self.free = {name: x for name, x in clean.items() if attacked.budgets[name] > 0}
        with torch.no_grad():
            logits = attacked.logits(clean)
        self.gap = margin(logits, attacked.targets)
        self.found = clean
        won = self.wins(logits)
        self.distance = torch.where(won, 0.0, torch.inf).to(self.gap)

    def wins(self, logits: Tensor) -> Tensor:
        gap = margin(logits, self.attacked.targets)
        return fooled(logits, self.attacked.targets) & (gap >= self.confidence)

    def descend(self, c: Tensor, steps: int, step_size: float) -> Tensor:
        """One run of Adam; which samples were fooled in it."""
        w = {name: self.variable(name).requires_grad_() for name in self.free}
        success = torch.zeros_like(c, dtype=torch.bool)
        if not w:
            return success
        optimiser = torch.optim.Adam(list(w.values()), lr=step_size)
        for _ in range(steps):
            with torch.enable_grad():
                moved = self.clean | {name: self.input(name, each) for name, each in w.items()}
                distance = self.distances(moved)
                logits = self.attacked.logits(moved)
                gap = margin(logits, self.attacked.targets)
                loss = distance - c * gap.clamp_max(self.confidence)
            success |= self.offer(moved, distance.detach(), gap.detach(), self.wins(logits.detach()))
            gradients = torch.autograd.grad(loss.sum(), list(w.values()))
            for each, gradient in zip(w.values(), gradients, strict=True):
                each.grad = torch.nan_to_num(gradient)
            optimiser.step()
        return success

    def offer(self, moved: Tensors, distance: Tensor, gap: Tensor, wins: Tensor) -> Tensor:
        """Keep what is closer or, of what does not fool, further ahead; gives back what fools."""
        better = torch.where(wins, distance < self.distance, self.distance.isinf() & (gap > self.gap))
        self.found = chosen(better, {name: x.detach() for name, x in moved.items()}, self.found)
        self.distance = torch.where(better & wins, distance, self.distance)
        self.gap = torch.where(better, gap, self.gap)
        return wins

    def distances(self, moved: Tensors) -> Tensor:
        """Sum over modalities of squared distances, each in budgets, ``[B]``."""
        total = torch.zeros_like(self.gap)
        for name, x in self.free.items():
            total = total + ((moved[name] - x) / self.attacked.budgets[name]).flatten(1).square().sum(1)
        return total

    def variable(self, name: str) -> Tensor:
        """The clean input's w."""
        x, bounds = self.clean[name], self.attacked.bounds[name]
        if bounds is None:
            return torch.zeros_like(x)
        low, high = bounds
        tiny = torch.finfo(x.dtype).tiny
        return torch.atanh(((x - low) / (high - low).clamp_min(tiny) * 2 - 1).clamp(-1, 1) * (1 - EDGE))

    def input(self, name: str, w: Tensor) -> Tensor:
        """The input that w stands for."""
        clean, bounds = self.clean[name], self.attacked.bounds[name]
        if bounds is None:
            return clean + w
        moved = bounds[0] + (bounds[1] - bounds[0]) * (torch.tanh(w) + 1) / 2
        return within(self.attacked.lengths.get(name), moved, clean)
