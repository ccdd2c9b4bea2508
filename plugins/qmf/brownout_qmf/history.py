"""What the unimodal classifiers' losses were, sample by sample, in the course of training."""

from __future__ import annotations

from typing import Literal, TypeAlias

import torch
from torch import Tensor, nn

from brownout_qmf.ranking import normalised_history

Average: TypeAlias = Literal["mean", "sum"]
"""Whether a sample's history is the mean of its losses (eq. 14) or their sum (released code)."""


class History(nn.Module):
    r"""The training history $\kappa^m_i$ of every modality and training sample (eq. 14, $T_s = 1$).

    A sample's losses are those of the epochs in which the modality was present; without any, $\kappa = 0$. Room is
    made at the first loss, on its device, when the number of training samples is known; nothing of it is saved.

    Args:
        modalities: how many.
        average: ``mean`` (eq. 14) or ``sum`` of the losses seen so far.
        normalise: whether `kappa` goes through `brownout_qmf.ranking.normalised_history`.

    Example:
        >>> history = History(modalities=1, average="mean", normalise=False)
        >>> history.add(0, torch.tensor([2, 0]), torch.tensor([4.0, 1.0]), size=3)
        >>> history.add(0, torch.tensor([2]), torch.tensor([2.0]), size=3)
        >>> history.kappa(0, torch.tensor([0, 1, 2]))
        tensor([1., 0., 3.])
    """

    total: Tensor
    seen: Tensor

    def __init__(self, modalities: int, average: Average, normalise: bool) -> None:
        super().__init__()
        self.average, self.normalise = average, normalise
        self.register_buffer("total", torch.zeros(modalities, 0), persistent=False)
        self.register_buffer("seen", torch.zeros(modalities, 0), persistent=False)

    def reserve(self, size: int, like: Tensor) -> None:
        """Make room for ``size`` training samples; a history of as many is kept, any other begins anew."""
        if self.total.shape[1] != size:
            self.total = like.new_zeros(len(self.total), size)
            self.seen = like.new_zeros(len(self.seen), size)

    def add(self, modality: int, rows: Tensor, losses: Tensor, size: int) -> None:
        """Take in the losses ``[B]`` of a batch; ``rows`` are positions within the training split."""
        self.reserve(size, losses)
        rows, losses = rows.to(self.total.device), losses.detach().to(self.total)
        self.total[modality].index_add_(0, rows, losses)
        self.seen[modality].index_add_(0, rows, torch.ones_like(losses))

    def kappa(self, modality: int, rows: Tensor) -> Tensor:
        """The history ``[B]`` of some rows, normalised over all if so asked."""
        history = self.total[modality]
        if self.average == "mean":
            history = history / self.seen[modality].clamp_min(1)
        return (normalised_history(history) if self.normalise else history)[rows.to(history.device)]
