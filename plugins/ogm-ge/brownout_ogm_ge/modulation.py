"""The equations of OGM-GE (Peng et al., 2022), for any number of modalities and missing ones."""

from __future__ import annotations

import torch
from torch import Tensor


def scores(logits: Tensor, targets: Tensor, counted: Tensor) -> Tensor:
    r"""How much of the right class each modality sees in a batch: $u_m = \sum_i softmax(z_i^m)_{y_i}$.

    Args:
        logits: $z_i^m = W_m f_i^m + b / V$, ``[B, V, K]``; what rows that are not counted hold has no effect.
        targets: int64 ``[B]``; anything where a sample is not counted.
        counted: bool ``[B, V]``, the modality is present and the sample has a target.

    Returns:
        ``[V]``.

    Example:
        >>> logits = torch.tensor([[[0.0, 0.0], [9.0, 0.0]], [[0.0, 0.0], [9.0, 0.0]]])
        >>> scores(logits, torch.tensor([0, 0]), torch.tensor([[True, True], [True, False]]))
        tensor([1.0000, 0.9999])
    """
    known = torch.where(counted.any(dim=1), targets, 0)
    p = logits.softmax(dim=-1).gather(2, known[:, None, None].expand(*logits.shape[:2], 1)).squeeze(2)
    return torch.where(counted, p, 0.0).sum(dim=0)


def ratios(u: Tensor, n: Tensor) -> Tensor:
    r"""How far each modality is ahead of the others: $\rho_m = \bar u_m / mean_{o \ne m} \bar u_o$, $\bar u = u / n$.

    For two modalities and complete batches these are the paper's $u_m / u_{other}$. With missing modalities the means
    are compared, so that a modality does not dominate by being there more often. One that no sample has, or that is
    alone, gets 1.

    Args:
        u: `scores`, ``[V]``.
        n: how many samples each of them is a sum over, ``[V]``.

    Returns:
        ``[V]``.

    Example:
        >>> ratios(torch.tensor([3.0, 1.0, 1.0]), torch.tensor([4, 4, 4]))
        tensor([3.0000, 0.5000, 0.5000])
        >>> ratios(torch.tensor([3.0, 1.5, 0.0]), torch.tensor([4, 2, 0]))
        tensor([1., 1., 1.])
    """
    seen = n > 0
    mean = u / n.clamp_min(1)
    others = (mean.sum() - mean) / (seen.sum() - 1).clamp_min(1)
    compared = seen & (seen.sum() > 1)
    return torch.where(compared, mean / others.clamp_min(torch.finfo(u.dtype).tiny), 1.0)


def coefficients(rho: Tensor, alpha: float) -> Tensor:
    r"""What gradients are multiplied by: $k_m = 1 - \tanh(\alpha \rho_m)$ where $\rho_m > 1$, else 1.

    Example:
        >>> coefficients(torch.tensor([2.0, 0.5]), alpha=0.5)
        tensor([0.2384, 1.0000])
    """
    return torch.where(rho > 1, 1 - torch.tanh(alpha * rho), 1.0)


def modulated(gradient: Tensor, k: Tensor | float, noise: Tensor | None = None) -> Tensor:
    r"""One parameter's gradient after modulation, $k g + \epsilon (std(g) + 10^{-8})$.

    The standard deviation is that of the gradient before it is scaled; a single number has none.

    Args:
        gradient: g, of any shape.
        k: its modality's coefficient.
        noise: $\epsilon$, standard normal and of g's shape; None leaves the noise out.

    Example:
        >>> modulated(torch.tensor([1.0, 3.0]), 0.5)
        tensor([0.5000, 1.5000])
        >>> modulated(torch.tensor([1.0, 3.0]), 0.5, noise=torch.tensor([1.0, 0.0]))
        tensor([1.9142, 1.5000])
    """
    scaled = gradient * k
    if noise is None:
        return scaled
    spread = gradient.std() if gradient.numel() > 1 else 0.0
    return scaled + noise * (spread + 1e-8)
