"""Multimodal Dynamics: gated features of each modality, weighted by the confidence it has learned to state."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, NamedTuple, TypeAlias

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
    check_option,
)

GatePenalty: TypeAlias = Literal["mean", "sum"]
"""Whether a sample's sparsity term is the mean or the sum (the L1 norm) of its gate."""


class Estimate(NamedTuple):
    """What a modality's branch computes: gate ``[B, D]``, hidden ``[B, H]``, logits ``[B, K]``, confidence ``[B]``."""

    gate: Tensor
    hidden: Tensor
    logits: Tensor
    confidence: Tensor


class Branch(nn.Module):
    r"""One modality of Multimodal Dynamics.

    $$ g = \sigma(W_g x + b_g), \quad h = dropout(ReLU(W_e (x \odot g) + b_e)), \quad
       t = W_t h + b_t, \quad c = W_c h + b_c $$

    The confidence c is one unbounded number per sample.

    Example:
        >>> branch = Branch(features=5, hidden=4, classes=3, dropout=0.5)
        >>> [tuple(each.shape) for each in branch(torch.ones(2, 5))]
        [(2, 5), (2, 4), (2, 3), (2,)]
    """

    def __init__(self, features: int, hidden: int, classes: int, dropout: float) -> None:
        super().__init__()
        self.gate = nn.Linear(features, features)
        self.encoder = nn.Sequential(nn.Linear(features, hidden), nn.ReLU(), nn.Dropout(dropout))
        self.classifier = nn.Linear(hidden, classes)
        self.confidence = nn.Linear(hidden, 1)

    def forward(self, x: Tensor) -> Estimate:
        """From pooled representations ``[B, D]``."""
        gate = self.gate(x).sigmoid()
        h = self.encoder(x * gate)
        return Estimate(gate, h, self.classifier(h), self.confidence(h).squeeze(-1))


class MultimodalDynamics(nn.Module):
    r"""Multimodal Dynamics (MD, Han et al., 2022).

    The prediction is a linear layer on the features $h_m c_m$ of all modalities side by side (see `Branch`), zeros
    for absent ones. Per sample the loss is, with $p_m = softmax(t_m)_y$ the true class probability,

    $$ CE(fused) + \sum_{m\,present} w_{gate} \bar g_m + w_{conf} (c_m - p_m)^2 + w_{uni} CE(t_m) $$

    and its mean is taken over the batch.

    Args:
        task: what is predicted.
        representations: by modality; maps and sequences are averaged first.
        hidden: width of h; the released code uses 1000.
        dropout: share of h dropped in training.
        p_true_detach: whether $p_m$ is a constant for the confidence term; if not, as in the released code, that term
            also moves the classifier towards the confidence.
        gate_penalty: whether $\bar g_m$ is the mean or the sum over the gate's entries.
        gate_weight: $w_{gate}$.
        confidence_weight: $w_{conf}$.
        unimodal_weight: $w_{uni}$.

    Raises:
        UsageError: an option out of its range, or dense prediction.

    Example:
        >>> representations = {"audio": Representation("vector", (5,)), "video": Representation("map", (3, 2, 2))}
        >>> fusion = MultimodalDynamics(Task(("a", "b"), (0.5, 0.5)), representations, hidden=16)
        >>> sources = {"audio": torch.ones(4, 5), "video": torch.ones(4, 3, 2, 2)}
        >>> prediction = fusion(sources, torch.ones(4, 2, dtype=torch.bool))
        >>> prediction.logits.shape, prediction.embedding.shape, prediction.weights["video"].shape
        (torch.Size([4, 2]), torch.Size([4, 32]), torch.Size([4]))
    """

    def __init__(
        self,
        task: Task,
        representations: Mapping[str, Representation],
        *,
        hidden: int = 128,
        dropout: float = 0.5,
        p_true_detach: bool = False,
        gate_penalty: GatePenalty = "mean",
        gate_weight: float = 1.0,
        confidence_weight: float = 1.0,
        unimodal_weight: float = 1.0,
    ) -> None:
        super().__init__()
        weights = {"gate": gate_weight, "confidence": confidence_weight, "unimodal": unimodal_weight}
        _check(task, hidden, dropout, gate_penalty, weights)
        self.task, self.representations, self.term_weights = task, dict(representations), weights
        self.p_true_detach, self.gate_penalty = p_true_detach, gate_penalty
        sizes, classes = map(pooled_size, representations.values()), len(task.classes)
        self.branches = nn.ModuleList(Branch(size, hidden, classes, dropout) for size in sizes)
        self.head = nn.Linear(hidden * len(self.branches), classes)

    def forward(self, sources: Mapping[str, Tensor], present: Tensor) -> Prediction:
        """Logits ``[B, K]``, unimodal logits, weights (the confidences, 0 where absent) and the features."""
        pooled = pool_present(self.representations, sources, present)
        estimates = [branch(x) for branch, x in zip(self.branches, pooled.values(), strict=True)]
        logits = torch.where(present[:, :, None], torch.stack([each.logits for each in estimates], dim=1), 0.0)
        confidence = torch.where(present, torch.stack([each.confidence for each in estimates], dim=1), 0.0)
        features = [each.hidden * confidence[:, [column]] for column, each in enumerate(estimates)]
        embedding = torch.cat(features, dim=1)
        return Prediction(
            self.head(embedding),
            unimodal=dict(zip(pooled, logits.unbind(dim=1), strict=True)),
            weights=dict(zip(pooled, confidence.unbind(dim=1), strict=True)),
            embedding=embedding,
            terms={"gate": self._penalty(estimates), "confidence": confidence, "logits": logits, "present": present},
        )

    def loss(self, prediction: Prediction, target: Tensor, step: Step) -> Tensor:
        """Cross-entropy of the prediction and the terms of each modality where it is present."""
        rows = target != self.task.ignore_label
        target, present = target[rows], prediction.terms["present"][rows]
        each = self._terms(prediction, rows, target[:, None].expand(present.shape))
        unimodal = torch.where(present, each, 0.0).sum(dim=1)
        return functional.cross_entropy(prediction.logits[rows], target) + unimodal.mean()

    def _terms(self, prediction: Prediction, rows: Tensor, targets: Tensor) -> Tensor:
        """The weighted terms ``[B, V]``."""
        terms, weights = prediction.terms, self.term_weights
        log_p = terms["logits"][rows].log_softmax(dim=-1).gather(-1, targets[:, :, None]).squeeze(-1)
        p_true = log_p.exp().detach() if self.p_true_detach else log_p.exp()
        error = (terms["confidence"][rows] - p_true).square()
        return weights["gate"] * terms["gate"][rows] + weights["confidence"] * error - weights["unimodal"] * log_p

    def _penalty(self, estimates: list[Estimate]) -> Tensor:
        """``[B, V]``."""
        gates = [each.gate for each in estimates]
        means = [gate.sum(dim=1) if self.gate_penalty == "sum" else gate.mean(dim=1) for gate in gates]
        return torch.stack(means, dim=1)


def _check(task: Task, hidden: int, dropout: float, gate_penalty: str, weights: Mapping[str, float]) -> None:
    component = "fusion 'multimodal-dynamics'"
    check_classification(component, task)
    check_count(component, "hidden", hidden)
    check_number(component, "dropout", dropout, "a number in [0, 1)", 0, below(1))
    check_option(gate_penalty in {"mean", "sum"}, component, "gate_penalty", gate_penalty, "'mean' or 'sum'")
    for name, weight in weights.items():
        check_number(component, f"{name}_weight", weight, "a number from 0", 0)
