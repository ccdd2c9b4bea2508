"""Losses of an opinion against its label, as in "Trusted Multi-View Classification" (TMC, Han et al., 2021)."""

from __future__ import annotations

import math
from typing import Literal, TypeAlias

import torch
from torch import Tensor
from torch.nn import functional

Risk: TypeAlias = Literal["cross-entropy", "squared-error"]
"""What is expected under the Dirichlet distribution, see `cross_entropy` and `squared_error`."""


def kl_weight(epoch: int, annealing_epochs: int, annealing_start: int) -> float:
    r"""The weight $\lambda_t = \min(1, t / T_a)$ of the divergence, where t counts epochs from ``annealing_start``.

    Args:
        epoch: from 0.
        annealing_epochs: $T_a$.
        annealing_start: 1 (t = 1 in the first epoch) or 0 (no divergence in the first epoch).

    Example:
        >>> kl_weight(0, 50, 1), kl_weight(0, 10, 0), kl_weight(99, 50, 1)
        (0.02, 0.0, 1.0)
    """
    return min(1.0, (epoch + annealing_start) / annealing_epochs)


def cross_entropy(alpha: Tensor, target: Tensor) -> Tensor:
    r"""Expected cross-entropy $\sum_k y_k (\psi(S) - \psi(\alpha_k))$ under the Dirichlet distribution.

    Args:
        alpha: ``[..., K]``.
        target: int64 ``[...]``.

    Returns:
        ``[...]``.

    Example:
        >>> cross_entropy(torch.tensor([3.0, 1.0]), torch.tensor(1))
        tensor(1.8333)
    """
    of_target = alpha.gather(-1, target[..., None]).squeeze(-1)
    return alpha.sum(dim=-1).digamma() - of_target.digamma()


def squared_error(alpha: Tensor, target: Tensor) -> Tensor:
    r"""Expected squared error of the probabilities under the Dirichlet distribution.

    $$ \sum_k (y_k - \alpha_k / S)^2 + \frac{\alpha_k (S - \alpha_k)}{S^2 (S + 1)} $$

    Args:
        alpha: ``[..., K]``.
        target: int64 ``[...]``.

    Returns:
        ``[...]``.

    Example:
        >>> squared_error(torch.tensor([1.0, 1.0]), torch.tensor(0))
        tensor(0.6667)
    """
    S = alpha.sum(dim=-1, keepdim=True)
    p = alpha / S
    y = functional.one_hot(target, alpha.shape[-1])
    return ((y - p).square() + p * (1 - p) / (S + 1)).sum(dim=-1)


def uniform_kl(alpha: Tensor) -> Tensor:
    r"""$KL(Dir(\alpha) \| Dir(1))$, how far a Dirichlet distribution is from the uniform one.

    $$ \ln \Gamma(S) - \sum_k \ln \Gamma(\alpha_k) - \ln \Gamma(K) + \sum_k (\alpha_k - 1)(\psi(\alpha_k) - \psi(S)) $$

    Its terms grow like S ln S and cancel, so give it float64.

    Args:
        alpha: ``[..., K]``.

    Returns:
        ``[...]``.

    Example:
        >>> uniform_kl(torch.tensor([[1.0, 1.0], [3.0, 1.0]], dtype=torch.float64))
        tensor([0.0000, 0.4319], dtype=torch.float64)
    """
    S = alpha.sum(dim=-1)
    volume = S.lgamma() - alpha.lgamma().sum(dim=-1) - math.lgamma(alpha.shape[-1])
    return volume + ((alpha - 1) * (alpha.digamma() - S.digamma()[..., None])).sum(dim=-1)


def opinion_loss(evidence: Tensor, target: Tensor, weight: float, risk: Risk = "cross-entropy") -> Tensor:
    r"""Loss of one opinion: the risk, and $\lambda_t$ times the evidence for wrong classes.

    The second term is $KL(Dir(\tilde\alpha) \| Dir(1))$ with $\tilde\alpha = y + (1 - y) \alpha$.

    Args:
        evidence: ``[..., K]``.
        target: int64 ``[...]``.
        weight: $\lambda_t$, see `kl_weight`.
        risk: which.

    Returns:
        ``[...]``.

    Example:
        >>> opinion_loss(torch.tensor([2.0, 0.0], dtype=torch.float64), torch.tensor([1])[0], weight=1.0)
        tensor(2.2653, dtype=torch.float64)
    """
    alpha = evidence + 1
    wrong = alpha.scatter(-1, target[..., None], 1.0)
    expected = (squared_error if risk == "squared-error" else cross_entropy)(alpha, target)
    return torch.add(expected, weight * uniform_kl(wrong))
