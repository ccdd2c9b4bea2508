"""What ShaSpec does with shared and specific features, as pure functions of tensors."""

from __future__ import annotations

from typing import Literal, TypeAlias

import torch
from torch import Tensor
from torch.nn import functional

Missing: TypeAlias = Literal["mean", "first-available"]
"""What stands in for an absent modality's shared feature, see `impute`."""


def impute(shared: Tensor, present: Tensor, missing: Missing = "mean") -> Tensor:
    """The shared feature that stands in for absent ones; zero if nothing is present.

    Args:
        shared: ``[B, V, D]``.
        present: bool ``[B, V]``.
        missing: the mean over what is present, or the first of it in the order of the modalities.

    Returns:
        ``[B, D]``.

    Example:
        >>> shared = torch.tensor([[[torch.nan], [1.0], [5.0]]])
        >>> present = torch.tensor([[False, True, True]])
        >>> impute(shared, present), impute(shared, present, "first-available")
        (tensor([[3.]]), tensor([[1.]]))
    """
    chosen = present
    if missing == "first-available":
        chosen = present & (present.cumsum(dim=1) == 1)
    total = torch.where(chosen[:, :, None], shared, 0.0).sum(dim=1)
    return total / chosen.sum(dim=1, keepdim=True).clamp_min(1)


def ring_distance(shared: Tensor, counted: Tensor) -> Tensor:
    r"""How far shared features are apart: $\sum_m |s_m - s_{m+1}|$ around the ring of modalities.

    Each distance is the mean over the D entries. The last modality's neighbour is the first, so that of two
    modalities the one distance counts twice.

    Args:
        shared: ``[B, V, D]``.
        counted: bool ``[B, V]``, the modalities whose distances count, each to a neighbour that counts too.

    Returns:
        ``[B]``.

    Example:
        >>> shared = torch.tensor([[[0.0], [1.0], [3.0]], [[0.0], [1.0], [3.0]]])
        >>> ring_distance(shared, torch.tensor([[True, True, True], [True, True, False]]))
        tensor([6., 1.])
    """
    distances = (shared - shared.roll(-1, dims=1)).abs().mean(dim=2)
    return torch.where(counted & counted.roll(-1, dims=1), distances, 0.0).sum(dim=1)


def origin_loss(logits: Tensor, counted: Tensor) -> Tensor:
    """Cross-entropy of telling, from its specific feature, which modality it is; the mean over what counts.

    Args:
        logits: ``[B, V, V]``, of each modality's specific feature.
        counted: bool ``[B, V]``.

    Returns:
        A scalar, zero if nothing counts.

    Example:
        >>> origin_loss(torch.zeros(1, 2, 2), torch.tensor([[True, False]]))
        tensor(0.6931)
    """
    own = torch.arange(logits.shape[1], device=logits.device).expand(logits.shape[:2])
    each = functional.cross_entropy(logits.flatten(0, 1), own.flatten(), reduction="none").reshape(own.shape)
    return torch.where(counted, each, 0.0).sum() / counted.sum().clamp_min(1)
