"""The fusion's formulas as pure functions of tensors, for any leading batch dimensions.

Equation numbers are those of "Provable Dynamic Fusion for Low-Quality Multimodal Data" (Zhang et al., 2023).
"""

from __future__ import annotations

from math import log
from typing import Literal, TypeAlias

import torch
from torch import Tensor

from brownout_blocks import evidence, vacuity

Uncertainty: TypeAlias = Literal["energy", "max-probability", "entropy", "evidence"]
"""How uncertain a classifier is of a sample, see `uncertainty`."""


def energy(f: Tensor, temperature: float = 1.0) -> Tensor:
    r"""Energy score, $-T \ln \sum_k e^{f_k / T}$ (eq. 13).

    The largest logit is taken out of the sum first, so large logits do not overflow; the released text-image code
    sums as written and gives infinity above about 88 in float32. It is not invariant to an offset of the logits.

    Args:
        f: logits ``[..., K]``.
        temperature: T.

    Returns:
        ``[...]``; lower is more certain.

    Example:
        >>> energy(torch.tensor([0.0, 0.0])), energy(torch.tensor([100.0, 0.0]))
        (tensor(-0.6931), tensor(-100.))
    """
    return -temperature * (f / temperature).logsumexp(dim=-1)


def uncertainty(f: Tensor, kind: Uncertainty = "energy", temperature: float = 1.0) -> Tensor:
    r"""Uncertainty u of a classifier, of the kinds that table 3 compares; larger is less certain.

    With p = softmax(f / T): ``energy`` (eq. 13), ``max-probability`` $1 - \max_k p_k$, ``entropy``
    $-\sum_k p_k \ln p_k / \ln K$, ``evidence`` the vacuity $K / S$ of the opinion with softplus evidence, which has
    no temperature. The paper gives no formula but the first; scaled like this the other three lie in [0, 1].

    Args:
        f: logits ``[..., K]``.
        kind: which.
        temperature: T.

    Returns:
        ``[...]``.

    Example:
        >>> f = torch.tensor([[0.0, 0.0], [0.0, 2.0]])
        >>> uncertainty(f, "max-probability"), uncertainty(f, "entropy"), uncertainty(f, "evidence")
        (tensor([0.5000, 0.1192]), tensor([1.0000, 0.5271]), tensor([0.5906, 0.4149]))
    """
    if kind == "energy":
        return energy(f, temperature)
    if kind == "evidence":
        return vacuity(evidence(f))
    log_p = (f / temperature).log_softmax(dim=-1)
    if kind == "max-probability":
        return 1 - log_p.amax(dim=-1).exp()
    return -(log_p.exp() * log_p).sum(dim=-1) / log(max(f.shape[-1], 2))


def fusion_weight(u: Tensor, alpha: float, beta: float) -> Tensor:
    r"""Uncertainty-aware weight, $w = \alpha u + \beta$ (eq. 9).

    Weights of several modalities need not sum to 1, and with $\beta = 0$ those of the energy may be negative.

    Args:
        u: uncertainty ``[...]``.
        alpha: below 0.
        beta: 0 or more.

    Example:
        >>> fusion_weight(torch.tensor([-5.0, 1.0]), alpha=-0.1, beta=0.0)
        tensor([ 0.5000, -0.1000])
    """
    return alpha * u + beta


def equal_weights(present: Tensor, dtype: torch.dtype = torch.float32) -> Tensor:
    """Static weights: 1/V for the V modalities that are present, 0 for the others (row "no UAW" of table 2).

    Args:
        present: bool ``[B, V]``.
        dtype: of the weights.

    Returns:
        ``[B, V]``; all 0 where nothing is present.

    Example:
        >>> equal_weights(torch.tensor([[True, True], [True, False], [False, False]]))
        tensor([[0.5000, 0.5000],
                [1.0000, 0.0000],
                [0.0000, 0.0000]])
    """
    there = present.to(dtype)
    return there / there.sum(dim=1, keepdim=True).clamp_min(1)


def fused_logits(f: Tensor, w: Tensor, detach: bool = False) -> Tensor:
    r"""Decision-level fusion, $\sum_m w_m f_m$ (eq. 11).

    Args:
        f: logits ``[B, V, K]``, zero where a modality is absent.
        w: weights ``[B, V]``, zero where a modality is absent.
        detach: whether the weights are constants here, so that the fused logits' gradient passes them by.

    Returns:
        ``[B, K]``.

    Example:
        >>> fused_logits(torch.tensor([[[1.0, 0.0], [0.0, 2.0]]]), torch.tensor([[0.5, 0.25]]))
        tensor([[0.5000, 0.5000]])
    """
    return ((w.detach() if detach else w)[:, :, None] * f).sum(dim=1)
