"""Concatenation of representations."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor, nn

from brownout_blocks import mlp, pool_present, pooled_size
from brownout_registry import Prediction, Representation, Task, UsageError


class Concatenation(nn.Module):
    """A perceptron over all representations side by side; absent ones are zero.

    Maps are averaged over positions and sequences over steps first. The prediction's embedding is what the
    last linear layer sees.

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
        """Logits ``[B, K]`` and embedding ``[B, D]``."""
        pooled = pool_present(self.representations, sources, present)
        embedding = self.head[:-1](torch.cat(list(pooled.values()), dim=1))
        return Prediction(self.head[-1](embedding), embedding=embedding)


def _check(hidden: Sequence[int], dropout: float) -> None:
    if isinstance(hidden, str | int) or not all(isinstance(width, int) and width > 0 for width in hidden):
        raise UsageError(f"fusion 'concatenation', option 'hidden' is {hidden!r}, expected a list of positive integers")
    if not (isinstance(dropout, int | float) and 0 <= dropout < 1):
        raise UsageError(f"fusion 'concatenation', option 'dropout' is {dropout!r}, expected a number in [0, 1)")
