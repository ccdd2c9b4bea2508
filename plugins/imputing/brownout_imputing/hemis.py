"""HeMIS: the moments of however many representations there are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import get_args

import torch
from torch import Tensor, nn

from brownout_blocks import mlp, pool_present, pooled_size
from brownout_imputing.moments import Variance, moments
from brownout_registry import (
    Prediction,
    Representation,
    Task,
    check_classification,
    check_count,
    check_option,
    check_widths,
)


class Hemis(nn.Module):
    """HeMIS (Havaei et al., 2016) on representations.

    A linear layer of its own brings each modality to a common width; a perceptron on mean and variance over what is
    present (see `brownout_imputing.moments.moments`) predicts. The prediction's embedding is what the last linear
    layer sees.

    Args:
        task: what is predicted.
        representations: by modality; maps and sequences are averaged first.
        width: the common width.
        hidden: widths of the perceptron's hidden layers.
        variance: over which modalities the variance is summed.

    Raises:
        UsageError: an option out of its range, or dense prediction.

    Example:
        >>> representations = {"audio": Representation("vector", (5,)), "video": Representation("map", (3, 2, 2))}
        >>> fusion = Hemis(Task(("a", "b"), (0.5, 0.5)), representations, width=8, hidden=[16])
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
        width: int = 64,
        hidden: Sequence[int] = (128,),
        variance: Variance = "available",
    ) -> None:
        super().__init__()
        component = "fusion 'hemis'"
        check_classification(component, task)
        check_count(component, "width", width)
        check_widths(component, "hidden", hidden)
        check_option(variance in get_args(Variance), component, "variance", variance, f"one of {get_args(Variance)}")
        self.representations, self.variance = dict(representations), variance
        self.projections = nn.ModuleList(nn.Linear(pooled_size(each), width) for each in representations.values())
        self.head = mlp(2 * width, hidden, len(task.classes))

    def forward(self, sources: Mapping[str, Tensor], present: Tensor) -> Prediction:
        """Logits ``[B, K]`` and embedding ``[B, D]``."""
        pooled = pool_present(self.representations, sources, present).values()
        projected = [project(x) for project, x in zip(self.projections, pooled, strict=True)]
        mean, spread = moments(torch.stack(projected, dim=1), present, self.variance)
        embedding = self.head[:-1](torch.cat([mean, spread], dim=1))
        return Prediction(self.head[-1](embedding), embedding=embedding)
