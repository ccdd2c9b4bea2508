"""What uncertainty-aware fusions share: Gaussian representations and Dirichlet opinions."""

from __future__ import annotations

from typing import Literal, TypeAlias

import torch
from torch import Tensor
from torch.nn import functional

Evidence: TypeAlias = Literal["softplus", "relu", "exp"]
"""How logits become evidence, see `evidence`."""


def reparameterise(mu: Tensor, sigma: Tensor) -> Tensor:
    r"""A sample of $N(\mu, \sigma^2)$ through which gradients flow: $\mu + \epsilon \sigma$, $\epsilon \sim N(0, 1)$.

    Example:
        >>> reparameterise(torch.ones(2), torch.zeros(2))
        tensor([1., 1.])
    """
    return mu + torch.randn_like(mu) * sigma


def standard_normal_kl(mu: Tensor, log_variance: Tensor) -> Tensor:
    r"""Elementwise $KL(N(\mu, \sigma^2) \| N(0, 1)) = (\sigma^2 + \mu^2 - \ln \sigma^2 - 1) / 2$.

    Example:
        >>> standard_normal_kl(torch.tensor([0.0, 1.0]), torch.zeros(2))
        tensor([0.0000, 0.5000])
    """
    return 0.5 * (log_variance.exp() + mu.square() - log_variance - 1)


def evidence(logits: Tensor, activation: Evidence = "softplus") -> Tensor:
    r"""Evidence $e \ge 0$ for each class, the parameters of a Dirichlet distribution being $\alpha = e + 1$.

    Args:
        logits: ``[..., K]``.
        activation: ``softplus``, ``relu``, or ``exp`` (of logits clamped to at most 10, so that it stays finite).

    Returns:
        ``[..., K]``.

    Example:
        >>> evidence(torch.tensor([-1.0, 2.0]), "relu")
        tensor([0., 2.])
    """
    if activation == "exp":
        return logits.clamp_max(10.0).exp()
    return logits.relu() if activation == "relu" else functional.softplus(logits)


def vacuity(evidence: Tensor) -> Tensor:
    r"""The uncertainty mass of an opinion, $u = K / \sum_k (e_k + 1)$, in (0, 1].

    Args:
        evidence: ``[..., K]``.

    Returns:
        ``[...]``.

    Example:
        >>> vacuity(torch.tensor([[0.0, 0.0], [3.0, 3.0]]))
        tensor([1.0000, 0.2500])
    """
    return evidence.shape[-1] / (evidence + 1).sum(dim=-1)
