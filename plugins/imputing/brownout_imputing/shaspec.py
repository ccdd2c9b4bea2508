"""ShaSpec: shared features stand in for what is absent, specific features add what only their modality knows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, TypeAlias, get_args

import torch
from torch import Tensor, nn
from torch.nn import functional

from brownout_blocks import pool_present, pooled_size
from brownout_imputing.features import Missing, impute, origin_loss, ring_distance
from brownout_registry import (
    Prediction,
    Representation,
    Step,
    Task,
    check_classification,
    check_count,
    check_number,
    check_option,
)

Auxiliary: TypeAlias = Literal["all", "present"]
"""Whether the auxiliary losses also count absent modalities, as zero inputs."""


class ShaSpec(nn.Module):
    r"""Shared-specific feature modelling (ShaSpec, Wang et al., 2023) on representations.

    From the representation $x_m$ of each modality, brought to a common width by a linear layer of its own, one
    encoder for all gives the shared feature $r_m$ and an encoder of its own the specific feature $s_m$. Then

    $$ f_m = r_m + W [r_m, s_m] + b $$

    where m is present, and the shared feature of what is present where it is not (see
    `brownout_imputing.features.impute`); a linear layer on all $f_m$ side by side predicts. The loss is

    $$ CE + \alpha L_{shared} + \beta L_{spec} $$

    with `brownout_imputing.features.ring_distance` of the shared features and, from the specific ones,
    `brownout_imputing.features.origin_loss`.

    Args:
        task: what is predicted.
        representations: by modality; maps and sequences are averaged first.
        width: of shared and specific features.
        missing: what stands in for an absent modality; ``first-available`` is the released code's.
        alpha: weight of $L_{shared}$.
        beta: weight of $L_{spec}$.
        auxiliary: ``all`` counts absent modalities in both auxiliary losses as zero inputs, as the released code
            does; ``present`` leaves them out.

    Raises:
        UsageError: an option out of its range, or dense prediction.

    Example:
        >>> representations = {"audio": Representation("vector", (5,)), "video": Representation("map", (3, 2, 2))}
        >>> fusion = ShaSpec(Task(("a", "b"), (0.5, 0.5)), representations, width=8)
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
        missing: Missing = "mean",
        alpha: float = 0.1,
        beta: float = 0.02,
        auxiliary: Auxiliary = "all",
    ) -> None:
        super().__init__()
        _check(task, width, missing, alpha, beta, auxiliary)
        self.task, self.representations = task, dict(representations)
        self.missing, self.alpha, self.beta, self.auxiliary = missing, alpha, beta, auxiliary
        count = len(representations)
        self.adapters = nn.ModuleList(nn.Linear(pooled_size(each), width) for each in representations.values())
        self.shared = _encoder(width)
        self.specific = nn.ModuleList(_encoder(width) for _ in range(count))
        self.projection = nn.Linear(2 * width, width)
        self.origin = nn.Linear(width, count)
        self.head = nn.Linear(count * width, len(task.classes))

    def forward(self, sources: Mapping[str, Tensor], present: Tensor) -> Prediction:
        """Logits ``[B, K]`` and embedding: all f side by side, ``[B, V * width]``."""
        pooled = pool_present(self.representations, sources, present).values()
        inputs = [adapt(x) for adapt, x in zip(self.adapters, pooled, strict=True)]
        shared = self.shared(torch.stack(inputs, dim=1))
        specific = torch.stack([encode(x) for encode, x in zip(self.specific, inputs, strict=True)], dim=1)
        residual = shared + self.projection(torch.cat([shared, specific], dim=2))
        imputed = impute(shared, present, self.missing)[:, None]
        embedding = torch.where(present[:, :, None], residual, imputed).flatten(1)
        terms = {"shared": shared, "origin": self.origin(specific), "present": present}
        return Prediction(self.head(embedding), embedding=embedding, terms=terms)

    def loss(self, prediction: Prediction, target: Tensor, step: Step) -> Tensor:
        """Cross-entropy and the two auxiliary losses, which need no label."""
        terms = prediction.terms
        counted = terms["present"] if self.auxiliary == "present" else torch.ones_like(terms["present"])
        auxiliary = self.alpha * ring_distance(terms["shared"], counted).mean()
        auxiliary = auxiliary + self.beta * origin_loss(terms["origin"], counted)
        return functional.cross_entropy(prediction.logits, target, ignore_index=self.task.ignore_label) + auxiliary


def _encoder(width: int) -> nn.Module:
    return nn.Sequential(nn.ReLU(), nn.Linear(width, width))


def _check(task: Task, width: int, missing: str, alpha: float, beta: float, auxiliary: str) -> None:
    component = "fusion 'shaspec'"
    check_classification(component, task)
    check_count(component, "width", width)
    check_option(missing in get_args(Missing), component, "missing", missing, f"one of {get_args(Missing)}")
    check_number(component, "alpha", alpha, "a number from 0", 0)
    check_number(component, "beta", beta, "a number from 0", 0)
    known = get_args(Auxiliary)
    check_option(auxiliary in known, component, "auxiliary", auxiliary, f"one of {known}")
