"""The fast gradient method."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Literal

from torch import Tensor

from brownout_attacks.common import Tensors, ascent, clipped, tensors_of
from brownout_attacks.losses import cross_entropy
from brownout_blocks import direction
from brownout_registry import Attack, Attacked, check_choice

Label = Literal["target", "predicted"]


def fgsm(*, label: Label = "target") -> Attack:
    r"""The fast gradient sign method, $x + \epsilon\, sign(\nabla_x L(x, y))$, clipped to the range.

    Goodfellow et al. 2015, section 4; L is the cross-entropy of the attacked prediction. Several modalities step at
    once, each with its own budget. The default budgets of images, 1 to 16 of 255, go around RobustBench's 8/255.

    Args:
        label: y, the ``target`` or the label ``predicted`` from the clean input, so that the attack tells
            nothing about the target (Kurakin et al. 2017; cleverhans without a given label).

    Returns:
        An attack, see `brownout_registry.Attack`.

    Raises:
        UsageError: another label.

    Example:
        >>> import torch
        >>> from brownout_registry import Attacked
        >>> W = torch.tensor([[1.0, -1.0], [-1.0, 1.0]])
        >>> attacked = Attacked({"sound": torch.tensor([[0.2, 0.1]])}, {"sound": 0.05}, {"sound": None},
        ...                     torch.tensor([0]), lambda inputs, rows=None: inputs["sound"] @ W.T, {})
        >>> fgsm()(attacked)
        {'sound': tensor([[0.1500, 0.1500]])}
    """
    return _fast_gradient("fgsm", partial(direction, norm="linf"), label)


def fgsm_l2(*, label: Label = "target") -> Attack:
    r"""The fast gradient method, $x + \epsilon \nabla_x L / \|\nabla_x L\|_2$, clipped to the range.

    For all else see `fgsm`. The default budgets of images, 0.25 to 4, go around RobustBench's 0.5.

    Args:
        label: y, the ``target`` or the label ``predicted`` from the clean input.

    Raises:
        UsageError: another label.

    Example:
        >>> import torch
        >>> from brownout_registry import Attacked
        >>> W = torch.tensor([[3.0, -4.0], [-3.0, 4.0]])
        >>> attacked = Attacked({"sound": torch.zeros(1, 2)}, {"sound": 1.0}, {"sound": None},
        ...                     torch.tensor([0]), lambda inputs, rows=None: inputs["sound"] @ W.T, {})
        >>> fgsm_l2()(attacked)
        {'sound': tensor([[-0.6000,  0.8000]])}
    """
    return _fast_gradient("fgsm-l2", partial(direction, norm="l2"), label)


def fgsm_l1(*, label: Label = "target") -> Attack:
    r"""The fast gradient method in the L1 ball, $x + \epsilon\, sign(\nabla_i L)\, e_i$, clipped to the range.

    i is the entry with the largest $|\nabla_i L|$; entries that tie share the budget (cleverhans). For all else see
    `fgsm`. It changes a single entry: of an image no more than one value of one pixel, whatever the budget.

    Args:
        label: y, the ``target`` or the label ``predicted`` from the clean input.

    Raises:
        UsageError: another label.

    Example:
        >>> import torch
        >>> from brownout_registry import Attacked
        >>> W = torch.tensor([[3.0, -4.0], [-3.0, 4.0]])
        >>> attacked = Attacked({"sound": torch.zeros(1, 2)}, {"sound": 0.5}, {"sound": None},
        ...                     torch.tensor([0]), lambda inputs, rows=None: inputs["sound"] @ W.T, {})
        >>> fgsm_l1()(attacked)
        {'sound': tensor([[0.0000, 0.5000]])}
    """
    return _fast_gradient("fgsm-l1", _largest_entry, label)


def _largest_entry(gradient: Tensor) -> Tensor:
    sizes = gradient.flatten(1).abs()
    largest = sizes == sizes.amax(1, keepdim=True)
    return gradient.sign() * (largest / largest.sum(1, keepdim=True)).reshape_as(gradient)


def _fast_gradient(name: str, step: Callable[[Tensor], Tensor], label: Label) -> Attack:
    check_choice(f"attack {name!r}", "label", label, ("target", "predicted"))

    def loss(logits: Tensor, targets: Tensor) -> Tensor:
        return cross_entropy(logits, targets if label == "target" else logits.argmax(1))

    def attack(attacked: Attacked) -> Tensors:
        clean = tensors_of(name, attacked)
        gradients, _, _ = ascent(attacked, clean, loss)
        stepped = {m: x + attacked.budgets[m] * step(gradients[m]) for m, x in clean.items()}
        return clipped(attacked, stepped)

    return attack
