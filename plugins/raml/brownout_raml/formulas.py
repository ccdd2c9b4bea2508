"""The paper's formulas as pure functions of tensors, for any leading batch dimensions.

Equation numbers are those of "Redundancy-Adaptive Multimodal Learning for Imperfect Data" (Chen et al., 2023).
M modalities are the second last dimension, the D elements of a representation the last.
"""

from __future__ import annotations

from typing import Literal, TypeAlias

import torch
from torch import Tensor
from torch.nn import functional

Activation: TypeAlias = Literal["softplus", "exp"]
SigmaIs: TypeAlias = Literal["std", "variance"]
Reduction: TypeAlias = Literal["sum", "mean"]

FLOOR = 1e-4
"""Added to what `standard_deviation` makes of a head's output, so that no weight is infinite."""


def standard_deviation(raw: Tensor, activation: Activation = "softplus", sigma_is: SigmaIs = "std") -> Tensor:
    r"""$\sigma_m$ (eq. 1) from the raw output of its head, which the paper leaves open how to keep positive.

    Args:
        raw: any numbers.
        activation: ``softplus``, or ``exp`` (of numbers clamped to at most 10, so that it stays finite).
        sigma_is: whether the head gives the standard deviation (eq. 3 and 4 square it) or, as the paper's "variance
            vector" says, the variance.

    Example:
        >>> standard_deviation(torch.tensor([0.0, 2.0]), "exp")
        tensor([1.0001, 7.3892])
        >>> standard_deviation(torch.tensor([0.0, 2.0]), "exp", "variance")
        tensor([1.0000, 2.7183])
    """
    positive = functional.softplus(raw) if activation == "softplus" else raw.clamp_max(10.0).exp()
    return (positive + FLOOR).sqrt() if sigma_is == "variance" else positive + FLOOR


def present_softmax(scores: Tensor, present: Tensor) -> Tensor:
    """Softmax over the modalities that are present, elementwise; zero for the others.

    Every weighting of the paper has this form: eq. 4 with the scores $-2 ln sigma_m$, identical weights (table V) with
    equal scores, fixed ones (table V) with learned scores.

    Args:
        scores: ``[..., M, D]``.
        present: bool ``[..., M]``; with nothing present every weight is zero.

    Returns:
        ``[..., M, D]``.

    Example:
        >>> present_softmax(torch.zeros(3, 1), torch.tensor([True, False, True])).squeeze(1)
        tensor([0.5000, 0.0000, 0.5000])
    """
    there = present[..., None]
    lowest = torch.finfo(scores.dtype).min
    return torch.where(there, torch.where(there, scores, lowest).softmax(dim=-2), 0.0)


def redundancy_weights(sigma: Tensor, present: Tensor) -> Tensor:
    r"""$\omega_m = \delta_m \sigma_m^{-2} / \sum_n \delta_n \sigma_n^{-2}$, elementwise (eq. 4).

    Args:
        sigma: standard deviations ``[..., M, D]``.
        present: $\delta$, bool ``[..., M]``.

    Returns:
        ``[..., M, D]``; they sum to one over the modalities.

    Example:
        >>> redundancy_weights(torch.tensor([[1.0, 1.0], [1.0, 2.0]]), torch.tensor([True, True]))
        tensor([[0.5000, 0.8000],
                [0.5000, 0.2000]])
    """
    return present_softmax(-2 * sigma.log(), present)


def fused_sigma(sigma: Tensor, present: Tensor) -> Tensor:
    r"""$\sigma$ with $\sigma^{-2} = \sum_m \delta_m \sigma_m^{-2}$, elementwise (eq. 4); infinite with nothing present.

    Args:
        sigma: standard deviations ``[..., M, D]``.
        present: $\delta$, bool ``[..., M]``.

    Returns:
        ``[..., D]``.

    Example:
        >>> fused_sigma(torch.tensor([[2.0], [2.0]]), torch.tensor([True, False]))
        tensor([2.])
        >>> fused_sigma(torch.tensor([[2.0], [2.0]]), torch.tensor([True, True]))
        tensor([1.4142])
    """
    return torch.where(present[..., None], sigma.square().reciprocal(), 0.0).sum(dim=-2).rsqrt()


def redundancy(mu: Tensor, sigma: Tensor, present: Tensor, reduction: Reduction = "sum") -> Tensor:
    r"""$L^D = \sum_m \|(\sigma / \sigma_m)^2 \odot \mu_m\|_1$ of each sample (eq. 3).

    Args:
        mu: means ``[..., M, D]``.
        sigma: standard deviations ``[..., M, D]``.
        present: bool ``[..., M]``, which modalities enter. Eq. 3 has no $\delta$: all of them do, so all are True.
        reduction: over the D elements; a norm is a ``sum``.

    Returns:
        ``[...]``.

    Example:
        >>> redundancy(torch.tensor([[3.0], [-1.0]]), torch.ones(2, 1), torch.tensor([True, True]))
        tensor(2.)
    """
    elements = (redundancy_weights(sigma, present) * mu).abs().sum(dim=-2)
    return elements.sum(dim=-1) if reduction == "sum" else elements.mean(dim=-1)


def probability(theta: Tensor, mu: Tensor, weights: Tensor) -> Tensor:
    r"""Probability of the positive class, $s(\sum_d \sum_m w_{m,d} \theta_d \mu_{m,d})$ with the logistic s (eq. 7).

    Args:
        theta: weights of the linear predictor, ``[..., D]``.
        mu: representations ``[..., M, D]``.
        weights: 1/M (uniform), ``[..., M, 1]`` (coarse: one for each modality) or ``[..., M, D]`` (fine).

    Returns:
        ``[...]``: P_u, P_c or P_f.

    Example:
        >>> probability(torch.ones(2), torch.tensor([[1.0, 0.0], [0.0, 3.0]]), torch.tensor([[0.5], [0.5]]))
        tensor(0.8808)
    """
    return (weights * theta[..., None, :] * mu).sum(dim=(-2, -1)).sigmoid()


def supremum_uniform(theta: Tensor, mu: Tensor) -> Tensor:
    r"""$\sup P_u = s(\frac{1}{M} \sum_m \sum_d \theta_d \mu_{m,d})$ (theorem 3.1, eq. 8).

    Args:
        theta: weights of the linear predictor, ``[..., D]``.
        mu: representations ``[..., M, D]``.

    Returns:
        ``[...]``.

    Example:
        >>> supremum_uniform(torch.ones(2), torch.tensor([[1.0, 0.0], [0.0, 3.0]]))
        tensor(0.8808)
    """
    return (theta[..., None, :] * mu).sum(dim=-1).mean(dim=-1).sigmoid()


def supremum_coarse(theta: Tensor, mu: Tensor) -> Tensor:
    r"""$\sup_\alpha P_c = s(\max_m \sum_d \theta_d \mu_{m,d})$ over one convex weight a modality (theorem 3.1, eq. 8).

    Args:
        theta: weights of the linear predictor, ``[..., D]``.
        mu: representations ``[..., M, D]``.

    Returns:
        ``[...]``.

    Example:
        >>> supremum_coarse(torch.ones(2), torch.tensor([[1.0, 0.0], [0.0, 3.0]]))
        tensor(0.9526)
    """
    return (theta[..., None, :] * mu).sum(dim=-1).amax(dim=-1).sigmoid()


def supremum_fine(theta: Tensor, mu: Tensor) -> Tensor:
    r"""$\sup_\omega P_f = s(\sum_d \max_m \theta_d \mu_{m,d})$ over convex element-wise weights (theorem 3.1, eq. 8).

    Args:
        theta: weights of the linear predictor, ``[..., D]``.
        mu: representations ``[..., M, D]``.

    Returns:
        ``[...]``.

    Example:
        >>> supremum_fine(torch.ones(2), torch.tensor([[1.0, 0.0], [0.0, 3.0]]))
        tensor(0.9820)
    """
    return (theta[..., None, :] * mu).amax(dim=-2).sum(dim=-1).sigmoid()
