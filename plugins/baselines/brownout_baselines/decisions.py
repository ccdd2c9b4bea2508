"""Decision-level baselines that mix unimodal probabilities."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Literal, TypeAlias

import torch
from torch import Tensor, nn

from brownout_blocks import log_prior, stack_logits
from brownout_registry import Prediction, Task, UsageError, unknown

Confidence: TypeAlias = Literal["entropy", "max"]


class Unimodal(nn.Module):
    """One modality's own prediction, p = softmax(z_m); the class frequencies where it is absent.

    Args:
        task: what is predicted.
        heads: the fitted unimodal heads.
        modality: the one that decides.

    Raises:
        UsageError: there is no such modality.

    Example:
        >>> from brownout_registry import Task
        >>> fusion = Unimodal(Task(("a", "b"), (0.2, 0.8)), {"audio": nn.Linear(4, 2)}, modality="audio")
        >>> fusion({"audio": torch.tensor([[3.0, 1.0], [3.0, 1.0]])}, torch.tensor([[True], [False]])).logits
        tensor([[ 3.0000,  1.0000],
                [-1.6094, -0.2231]])
    """

    prior: Tensor

    def __init__(self, task: Task, heads: Mapping[str, nn.Linear], *, modality: str) -> None:
        super().__init__()
        if modality not in heads:
            raise UsageError(f"fusion 'unimodal', option 'modality': {unknown('modality', modality, heads)}")
        self.modality, self.column = modality, list(heads).index(modality)
        self.register_buffer("prior", log_prior(task, heads[modality].weight.dtype), persistent=False)

    def forward(self, sources: Mapping[str, Tensor], present: Tensor) -> Prediction:
        """The logits of the modality, ``[B, K]``."""
        return Prediction(torch.where(present[:, self.column, None], sources[self.modality], self.prior))


def confidence(logits: Tensor, kind: Confidence = "entropy") -> Tensor:
    """How sure a prediction p = softmax(z) is, between 0 and 1.

    ``entropy`` is 1 - H(p)/ln K, ``max`` is max p: the weights of COSINE (Yu et al., 2021), with K the number of
    classes as the paper intends (its code divides by the logarithm of the batch size).

    Args:
        logits: z, ``[..., K]``.
        kind: which measure.

    Returns:
        ``[...]``.

    Example:
        >>> z = torch.tensor([[0.0, 0.0], [99.0, 0.0]])
        >>> confidence(z)
        tensor([0., 1.])
        >>> confidence(z, "max")
        tensor([0.5000, 1.0000])
    """
    log_p = logits.log_softmax(dim=-1)
    if kind == "max":
        return log_p.amax(dim=-1).exp()
    entropy = -(log_p.exp() * log_p).sum(dim=-1)
    return (1 - entropy / math.log(logits.shape[-1])).clamp_min(0)


def mixture(logits: Tensor, present: Tensor, weights: Tensor, prior: Tensor) -> tuple[Tensor, Tensor]:
    r"""Logarithm of a weighted mean of probabilities over what is present.

    $$ \ln p = \ln \sum_m w_m\, softmax(z_m) - \ln \sum_m w_m $$

    It is computed from logarithms, so that it and its gradient stay finite for logits of any size.

    Args:
        logits: ``[B, V, K]``, zero where absent.
        present: bool ``[B, V]``.
        weights: ``[B, V]``, not negative; if all are zero the modalities count alike.
        prior: logits ``[K]`` for a sample of which nothing is present.

    Returns:
        Logits ``[B, K]``, and the weights ``[B, V]`` as applied: zero where absent, else summing to 1.

    Example:
        >>> logits = torch.tensor([[[0.0, 0.0], [2.0, 0.0]]])
        >>> fused, _ = mixture(logits, torch.tensor([[True, True]]), torch.tensor([[3.0, 1.0]]), torch.zeros(2))
        >>> fused.exp()
        tensor([[0.5952, 0.4048]])
    """
    nothing = ~present.any(dim=1, keepdim=True)
    log_w = weights.clamp_min(torch.finfo(weights.dtype).tiny).log().masked_fill(~(present | nothing), -torch.inf)
    log_w = log_w.log_softmax(dim=1)
    fused = torch.logsumexp(log_w[:, :, None] + logits.log_softmax(dim=-1), dim=1)
    return torch.where(nothing, prior, fused), torch.where(present, log_w.exp(), 0.0)


class Mean(nn.Module):
    """Mean fusion: p is proportional to the sum of w_m softmax(z_m) over what is present; logits are ln p.

    Without ``confidence`` all weights are equal. With it this is "Mean-w/" of the Jacobian paper (Gao et al., 2022),
    which gives no formula; see `confidence` for the weights. Where nothing is present the class frequencies
    are predicted.

    Args:
        task: what is predicted.
        heads: the fitted unimodal heads.
        confidence: what weighs a modality, ``entropy`` or ``max``; None for equal weights.

    Example:
        >>> from brownout_registry import Task
        >>> task, heads = Task(("a", "b"), (0.5, 0.5)), {"audio": nn.Linear(4, 2), "video": nn.Linear(4, 2)}
        >>> sources = {"audio": torch.tensor([[0.0, 0.0]]), "video": torch.tensor([[2.0, 0.0]])}
        >>> present = torch.tensor([[True, True]])
        >>> Mean(task, heads)(sources, present).logits.softmax(-1)
        tensor([[0.6904, 0.3096]])
        >>> Mean(task, heads, confidence="max")(sources, present).weights["video"]
        tensor([0.6379])
    """

    prior: Tensor

    def __init__(self, task: Task, heads: Mapping[str, nn.Linear], *, confidence: Confidence | None = None) -> None:
        super().__init__()
        self.names, self.confidence = tuple(heads), confidence
        self.register_buffer("prior", log_prior(task, heads[self.names[0]].weight.dtype), persistent=False)

    def forward(self, sources: Mapping[str, Tensor], present: Tensor) -> Prediction:
        """Logits ``[B, K]``, with the unimodal logits and the weights as applied."""
        logits = stack_logits(sources, self.names, present)
        fused, weights = mixture(logits, present, self._weigh(logits), self.prior)
        return Prediction(
            fused,
            unimodal=dict(zip(self.names, logits.unbind(dim=1), strict=True)),
            weights=dict(zip(self.names, weights.unbind(dim=1), strict=True)),
        )

    def _weigh(self, logits: Tensor) -> Tensor:
        if self.confidence is None:
            return torch.ones_like(logits[:, :, 0])
        return confidence(logits, self.confidence)
