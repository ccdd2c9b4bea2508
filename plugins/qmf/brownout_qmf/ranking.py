"""The regulariser: what was hard to learn shall weigh less (eq. 14 to 17), as pure functions of tensors."""

from __future__ import annotations

from typing import Literal, TypeAlias

import torch
from torch import Tensor

RankLoss: TypeAlias = Literal["paper-eq16", "official-slack", "crl-margin"]
"""Which regulariser, see `pair_losses`."""


def normalised_history(history: Tensor) -> Tensor:
    r"""History scaled to [0, 1] over the training set, $(\kappa - \min \kappa) / (\max \kappa - \min \kappa)$.

    Released code only; the paper has nothing of the kind. Samples that were not seen yet count as they stand, as 0.
    Where all are equal, as before the first batch, the result is 0 and not 0/0.

    Args:
        history: ``[N]``, of all training samples.

    Returns:
        ``[N]``.

    Example:
        >>> normalised_history(torch.tensor([0.0, 1.0, 4.0])), normalised_history(torch.zeros(3))
        (tensor([0.0000, 0.2500, 1.0000]), tensor([0., 0., 0.]))
    """
    low, high = history.aminmax()
    return (history - low) / torch.where(high > low, high - low, 1)


def pair_losses(w: Tensor, kappa: Tensor, kind: RankLoss = "paper-eq16") -> Tensor:
    r"""The regulariser of each sample i with its successor j in the batch, cyclic.

    With $\Delta = w_i - w_j$, $t = sign(\kappa_i - \kappa_j)$ and $m = |\kappa_i - \kappa_j|$, a pair is rightly
    ordered if $sign(\Delta) = -t$ (eq. 15).

    - ``paper-eq16``: $\max(0, sign(\Delta) (\kappa_i - \kappa_j) + |\Delta|)$ (eq. 16 and 17), which is
      $\max(0, |\Delta| - m)$ for a rightly and $|\Delta| + m$ for a wrongly ordered pair;
    - ``official-slack``: $\max(0, t \Delta - m)$, as released: a wrong order costs nothing up to m;
    - ``crl-margin``: $\max(0, t \Delta + m)$, the ranking loss of "Confidence-Aware Learning for Deep Neural
      Networks" (Moon et al., 2020) with its order reversed: a right order costs something up to m.

    The paper leaves open which pairs there are; the cyclic ones are the released code's.

    Args:
        w: weights ``[B]``.
        kappa: history ``[B]`` of these samples, a constant.
        kind: which.

    Returns:
        ``[B]``.

    Example:
        >>> w, kappa = torch.tensor([0.9, 0.2]), torch.tensor([0.5, 0.25])
        >>> pair_losses(w, kappa), pair_losses(w, kappa, "official-slack")
        (tensor([0.9500, 0.9500]), tensor([0.4500, 0.4500]))
    """
    difference, kappas = w - w.roll(-1), kappa - kappa.roll(-1)
    if kind == "paper-eq16":
        return (difference.sign() * kappas + difference.abs()).relu()
    ordered = kappas.sign() * difference
    return (ordered - kappas.abs()).relu() if kind == "official-slack" else (ordered + kappas.abs()).relu()


def rank_loss(w: Tensor, kappa: Tensor, kind: RankLoss = "paper-eq16") -> Tensor:
    """Mean of `pair_losses`; 0 for an empty batch.

    Example:
        >>> w, kappa = torch.tensor([0.2, 0.7, 0.5, 0.9]), torch.tensor([0.1, 0.8, 0.6, 0.3])
        >>> [round(rank_loss(w, kappa, kind).item(), 3) for kind in ("paper-eq16", "official-slack", "crl-margin")]
        [0.65, 0.125, 0.625]
    """
    losses = pair_losses(w, kappa, kind)
    return losses.sum() / max(len(losses), 1)
