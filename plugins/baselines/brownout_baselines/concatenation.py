"""Concatenation of representations."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor, nn
from torch.nn.functional import linear

from brownout_blocks import mlp, pool_present, pooled_size
from brownout_registry import Prediction, Representation, Task, below, check_number, check_widths


class Concatenation(nn.Module):
    """A perceptron over all representations side by side; absent ones are zero.

    Maps are averaged over positions and sequences over steps first. The prediction's embedding is what the
    last linear layer sees. A linear head (no hidden layers) is a sum over modalities, which the prediction gives as
    unimodal logits $W_m h_m + b / V$, as OGM-GE (Peng et al., 2022) defines them; an absent modality's are b / V.

    Args:
        task: what is predicted.
        representations: by modality.
        hidden: widths of the hidden layers.
        dropout: share of hidden units dropped in training.

    Raises:
        UsageError: a width is not a positive integer, or the share is not in [0, 1).

    Example:
        >>> representations = {"audio": Representation("vector", (5,)), "video": Representation("map", (3, 2, 2))}
        >>> fusion = Concatenation(Task(("a", "b"), (0.5, 0.5)), representations, hidden=[16])
        >>> sources = {"audio": torch.ones(4, 5), "video": torch.ones(4, 3, 2, 2)}
        >>> prediction = fusion(sources, torch.ones(4, 2, dtype=torch.bool))
        >>> prediction.logits.shape, prediction.embedding.shape
        (torch.Size([4, 2]), torch.Size([4, 16]))
    """

    def __init__(
        self,
        task: Task,
        representations: Mapping[str, Representation],
        *,
        hidden: Sequence[int] = (128,),
        dropout: float = 0.0,
    ) -> None:
        super().__init__()
        _check(hidden, dropout)
        self.representations = dict(representations)
        width = sum(pooled_size(each) for each in representations.values())
        self.head = mlp(width, hidden, len(task.classes), dropout)

    def forward(self, sources: Mapping[str, Tensor], present: Tensor) -> Prediction:
        """Logits ``[B, K]``, embedding ``[B, D]`` and, of a linear head, unimodal logits that sum to the logits."""
        pooled = pool_present(self.representations, sources, present)
        embedding = self.head[:-1](torch.cat(list(pooled.values()), dim=1))
        unimodal = self._unimodal(pooled) if len(self.head) == 1 else {}
        return Prediction(self.head[-1](embedding), unimodal=unimodal, embedding=embedding)

    def _unimodal(self, pooled: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Each modality's share of a linear head's logits, ``[B, K]``."""
        head = self.head[-1]
        assert isinstance(head, nn.Linear)
        b = head.bias / len(pooled)
        blocks = head.weight.split([each.shape[1] for each in pooled.values()], dim=1)
        return {name: linear(each, block, b) for (name, each), block in zip(pooled.items(), blocks, strict=True)}


def _check(hidden: Sequence[int], dropout: float) -> None:
    check_widths("fusion 'concatenation'", "hidden", hidden)
    check_number("fusion 'concatenation'", "dropout", dropout, "a number in [0, 1)", 0, below(1))
