"""What attacks raise: one number for each sample, larger is worse for the model."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Literal, TypeAlias

import torch
from torch import Tensor
from torch.nn import functional

from brownout_registry import UsageError

LossName: TypeAlias = Literal["cross-entropy", "dlr", "margin"]
Loss: TypeAlias = Callable[[Tensor, Tensor], Tensor]
"""From logits ``[B, K]`` and int64 labels ``[B]`` to ``[B]``."""


def cross_entropy(logits: Tensor, labels: Tensor) -> Tensor:
    """The cross-entropy of each sample, ``-ln softmax(z)_y``.

    Example:
        >>> cross_entropy(torch.zeros(1, 4), torch.tensor([1]))
        tensor([1.3863])
    """
    return functional.cross_entropy(logits, labels, reduction="none")


def margin(logits: Tensor, labels: Tensor) -> Tensor:
    r"""How far another class is ahead, $\max_{i \ne y} z_i - z_y$ (Carlini & Wagner 2017, $f_6$); above 0 it wins.

    Example:
        >>> margin(torch.tensor([[1.0, 4.0, 2.0]]), torch.tensor([1]))
        tensor([-2.])
    """
    own = functional.one_hot(labels, logits.shape[1]).bool()
    others = logits.masked_fill(own, -torch.inf).amax(1)
    return others - logits.gather(1, labels[:, None])[:, 0]


def dlr(logits: Tensor, labels: Tensor) -> Tensor:
    r"""The difference of logits ratio, $-(z_y - \max_{i \ne y} z_i) / (z_{\pi_1} - z_{\pi_3})$.

    Croce & Hein 2020, eq. 6; $\pi$ orders the logits from largest to smallest, so shifting or scaling them changes
    nothing.

    Example:
        >>> dlr(torch.tensor([[1.0, 4.0, 2.0]]), torch.tensor([1]))
        tensor([-0.6667])

    Raises:
        UsageError: fewer than 3 classes.
    """
    if logits.shape[1] < 3:
        raise UsageError(f"loss 'dlr' needs 3 classes or more, here are {logits.shape[1]}; take 'margin'")
    top = logits.topk(3, 1).values
    return margin(logits, labels) / (top[:, 0] - top[:, 2] + 1e-12)


LOSSES: Mapping[LossName, Loss] = {"cross-entropy": cross_entropy, "dlr": dlr, "margin": margin}
