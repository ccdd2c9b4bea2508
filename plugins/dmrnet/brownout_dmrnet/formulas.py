"""Equations 9 to 13 of DMRNet (Wei et al., 2024) as plain functions of tensors."""

from __future__ import annotations

from typing import Literal, TypeAlias

import torch
from torch import Tensor

from brownout_blocks import standard_normal_kl

KLReduction: TypeAlias = Literal["sum", "sum-channels", "mean"]
"""What is summed and what averaged in eq. 9, see `distribution_regulariser`."""

HCR: TypeAlias = Literal["sum-over-batch", "mean-over-hard", "as-released"]
"""How the losses of hard samples become one number, see `hard_combination_loss`."""


def combination_index(present: Tensor) -> Tensor:
    r"""The number of each sample's combination, $j = \sum_k 2^{k-1} \delta^{(k)}$ (text below eq. 10).

    Args:
        present: bool ``[B, V]``, $\delta$.

    Returns:
        int64 ``[B]`` in 0 (nothing present) to 2^V - 1 (complete).

    Example:
        >>> combination_index(torch.tensor([[True, False, False], [True, False, True], [False, False, False]]))
        tensor([1, 5, 0])
    """
    powers = 2 ** torch.arange(present.shape[1], device=present.device)
    return torch.where(present, powers, 0).sum(dim=1)


def combination_totals(variance: Tensor, j: Tensor, combinations: int) -> tuple[Tensor, Tensor]:
    """Sum of the samples' variances and number of samples, for each of the combinations 1, 2, ...

    Args:
        variance: ``[B]``, the mean of a sample's sigma^2 over channels and positions.
        j: int64 ``[B]``, see `combination_index`; a sample of combination 0 counts nowhere.
        combinations: J = 2^V - 1.

    Returns:
        Sums and counts, ``[J]`` each, in the dtype of ``variance``.

    Example:
        >>> combination_totals(torch.tensor([1.0, 2.0, 4.0, 8.0]), torch.tensor([1, 3, 3, 0]), 3)
        (tensor([1., 0., 6.]), tensor([1., 0., 2.]))
    """
    belongs = j[:, None] == torch.arange(1, combinations + 1, device=j.device)
    return torch.where(belongs, variance[:, None], 0).sum(dim=0), belongs.sum(dim=0).to(variance.dtype)


def mean_variances(sums: Tensor, counts: Tensor) -> Tensor:
    r"""Eq. 10: $d_j = \frac{1}{N_j c h w} \sum_p \sum_{c,h,w} \sigma_p^2$; NaN for combinations that did not occur.

    Args:
        sums: ``[J]``, see `combination_totals`.
        counts: ``[J]``, N_j.

    Returns:
        ``[J]``.

    Example:
        >>> mean_variances(torch.tensor([1.0, 0.0, 6.0]), torch.tensor([1.0, 0.0, 2.0]))
        tensor([1., nan, 3.])
    """
    return torch.where(counts > 0, sums / counts.clamp_min(1), torch.nan)


def hardest(d: Tensor, count: int) -> Tensor:
    """The set H: which combinations have the ``count`` largest variances.

    Args:
        d: ``[J]``, see `mean_variances`; NaN is never hard. Of equal ones the earlier counts first.
        count: how many; the paper takes V.

    Returns:
        bool ``[J]``, with fewer than ``count`` true where fewer occurred.

    Example:
        >>> hardest(torch.tensor([3.0, torch.nan, 1.0, 2.0]), 2)
        tensor([ True, False, False,  True])
    """
    ranked = d.nan_to_num(nan=-torch.inf, posinf=torch.inf).argsort(descending=True, stable=True)
    hard = torch.zeros_like(d, dtype=torch.bool)
    hard[ranked[:count]] = True
    return hard & ~d.isnan()


def distribution_regulariser(mu: Tensor, log_variance: Tensor, reduction: KLReduction = "sum") -> Tensor:
    r"""Eq. 9: $L_{DR} = \frac{1}{N} \sum_i KL(N(\mu_i, \sigma_i^2) \| N(0, I))$.

    The paper sums over samples and says nothing of channels and positions; a divergence between distributions of a
    whole representation sums over both.

    Args:
        mu: ``[B, C]`` or ``[B, C, H, W]``.
        log_variance: ln sigma^2, as ``mu``.
        reduction: ``sum`` over C, H, W and mean over the batch (also the released face and audio-visual code);
            ``sum-channels``: mean over positions too (the released segmentation code); ``mean`` over everything.

    Returns:
        A scalar.

    Example:
        >>> mu = torch.ones(5, 3, 2, 2)
        >>> [distribution_regulariser(mu, 0 * mu, each).item() for each in ("sum", "sum-channels", "mean")]
        [6.0, 1.5, 0.5]
    """
    divergence = standard_normal_kl(mu, log_variance)
    if reduction == "mean":
        return divergence.mean()
    if reduction == "sum-channels":
        return divergence.sum(dim=1).mean()
    return divergence.flatten(1).sum(dim=1).mean()


def hard_combination_loss(losses: Tensor, hard: Tensor, form: HCR = "sum-over-batch") -> Tensor:
    r"""Eq. 11 and 12: the task losses of hard samples as one number.

    Args:
        losses: cross-entropy of each sample under f_r, ``[B]``.
        hard: bool ``[B]``, whether the sample's combination is in H.
        form: ``sum-over-batch``, as printed: $\frac{1}{B} \sum_i m_i L_i$ (0 for the others, then the mean);
            ``mean-over-hard``: divided by their number instead; ``as-released``: the released code multiplies
            ``[B]`` losses with a ``[B, 1, 1, 1]`` mask, whose broadcast product makes it
            mean(L) * count(m), a multiple of the ordinary loss on *all* samples.

    Returns:
        A scalar; 0 where nothing is hard.

    Example:
        >>> losses, hard = torch.tensor([1.0, 2.0, 3.0, 6.0]), torch.tensor([True, False, False, True])
        >>> for form in ("sum-over-batch", "mean-over-hard", "as-released"):
        ...     print(form, hard_combination_loss(losses, hard, form).item())
        sum-over-batch 1.75
        mean-over-hard 3.5
        as-released 6.0
    """
    if form == "as-released":
        return losses.mean() * hard.sum()
    total = torch.where(hard, losses, 0).sum()
    return total / (len(losses) if form == "sum-over-batch" else hard.sum().clamp_min(1))
