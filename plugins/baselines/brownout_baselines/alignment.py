"""Alignment of representations."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import combinations

import torch
from torch import Tensor, nn
from torch.nn import functional

from brownout_blocks import pool_present, pooled_size
from brownout_registry import (
    Prediction,
    Representation,
    Step,
    Task,
    below,
    check_classification,
    check_count,
    check_number,
)

WHERE = "fusion 'alignment'"


class Alignment(nn.Module):
    r"""The mean of the present modalities in a common space, in which those of one sample are pulled together.

    $$ z_m = A_m h_m, \quad z = mean_{m\,present}\, z_m, \quad
       L = CE(W z + b, y) + \lambda\, mean_{m<n\,present} (1 - \cos(z_m, z_n)) $$

    The "align-based fusion" that QMF compares with (Zhang et al., 2023, appendix), which says no more than that it
    re-implements Wang et al. (ECCV 2016) with the cosine distance, 128 dimensions and a dropout of 0.1; the linear
    projections, the mean and $\lambda$ are this reading. The cosine term is zero for a sample with fewer than two
    modalities, and both terms are means over the batch. With nothing present z = 0.

    Args:
        task: what is predicted; classes, not places of a picture.
        representations: by modality; maps are averaged over positions, sequences over steps.
        width: dimensions of the common space.
        weight: $\lambda$; 0 leaves the cosine term out.
        dropout: share of z dropped in training.

    Raises:
        UsageError: an option out of its range, or dense prediction.

    Example:
        >>> representations = {"audio": Representation("vector", (5,)), "video": Representation("map", (3, 2, 2))}
        >>> fusion = Alignment(Task(("a", "b"), (0.5, 0.5)), representations, width=16)
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
        width: int = 128,
        weight: float = 1.0,
        dropout: float = 0.1,
    ) -> None:
        super().__init__()
        _check(task, width, weight, dropout)
        self.representations, self.weight, self.ignore_label = dict(representations), weight, task.ignore_label
        self.projections = nn.ModuleList(nn.Linear(pooled_size(each), width) for each in representations.values())
        self.dropout = nn.Dropout(dropout)
        self.classifier = nn.Linear(width, len(task.classes))

    def forward(self, sources: Mapping[str, Tensor], present: Tensor) -> Prediction:
        """Logits ``[B, K]`` and embedding z ``[B, D]``."""
        pooled = pool_present(self.representations, sources, present).values()
        projected = [project(each) for project, each in zip(self.projections, pooled, strict=True)]
        aligned = torch.where(present[:, :, None], torch.stack(projected, dim=1), 0.0)
        embedding = aligned.sum(dim=1) / present.sum(dim=1, keepdim=True).clamp_min(1)
        logits = self.classifier(self.dropout(embedding))
        return Prediction(logits, embedding=embedding, terms={"aligned": aligned, "present": present})

    def loss(self, prediction: Prediction, target: Tensor, step: Step) -> Tensor:
        """Cross-entropy and cosine term, of targets int64 ``[B]``."""
        loss = functional.cross_entropy(prediction.logits, target, ignore_index=self.ignore_label)
        if not self.weight:
            return loss
        distance = cosine_distance(prediction.terms["aligned"], prediction.terms["present"])
        return loss + self.weight * distance[target != self.ignore_label].mean()


def cosine_distance(aligned: Tensor, present: Tensor) -> Tensor:
    r"""Mean of $1 - \cos(z_m, z_n)$ over the pairs of modalities of which both are present.

    Args:
        aligned: $z_m$, ``[B, M, D]``.
        present: bool ``[B, M]``.

    Returns:
        ``[B]``, zero where there is no pair.

    Example:
        >>> cosine_distance(torch.tensor([[[1.0, 0.0], [0.0, 2.0], [3.0, 0.0]]]), torch.tensor([[True, True, True]]))
        tensor([0.6667])
    """
    total, pairs = aligned.new_zeros(len(aligned)), aligned.new_zeros(len(aligned))
    for m, n in combinations(range(aligned.shape[1]), 2):
        both = present[:, m] & present[:, n]
        distance = 1 - functional.cosine_similarity(aligned[:, m], aligned[:, n])
        total, pairs = total + torch.where(both, distance, 0.0), pairs + both
    return total / pairs.clamp_min(1)


def _check(task: Task, width: int, weight: float, dropout: float) -> None:
    check_classification(WHERE, task)
    check_count(WHERE, "width", width)
    check_number(WHERE, "weight", weight, "a number from 0", 0)
    check_number(WHERE, "dropout", dropout, "a number in [0, 1)", 0, below(1))
