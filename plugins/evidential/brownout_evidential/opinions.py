r"""Subjective opinions and Dempster's rule, as in "Trusted Multi-View Classification" (TMC, Han et al., 2021).

An opinion on K classes is the evidence $e_k \ge 0$ for each. It stands for the Dirichlet distribution with
$\alpha_k = e_k + 1$ and $S = \sum_k \alpha_k$, and for the belief masses $b_k = e_k / S$ with the uncertainty mass
$u = K / S$, which sum to one. No evidence is the vacuous opinion: b = 0, u = 1.
"""

from __future__ import annotations

from functools import reduce

import torch
from torch import Tensor


def precision(device: torch.device) -> torch.dtype:
    """float64 wherever the device has it: products of evidence leave float32, and so do differences of ln gamma.

    Example:
        >>> precision(torch.device("cpu")), precision(torch.device("mps"))
        (torch.float64, torch.float32)
    """
    return torch.float32 if device.type == "mps" else torch.float64


def belief(evidence: Tensor) -> Tensor:
    r"""Belief masses $b_k = e_k / S$; with `brownout_blocks.vacuity` they sum to one.

    Args:
        evidence: ``[..., K]``.

    Returns:
        ``[..., K]``.

    Example:
        >>> belief(torch.tensor([1.0, 5.0]))
        tensor([0.1250, 0.6250])
    """
    return evidence / (evidence + 1).sum(dim=-1, keepdim=True)


def dempster(evidence: Tensor) -> Tensor:
    r"""Dempster's rule over V opinions, as a left fold.

    Two opinions with conflict $C = \sum_{i \ne j} b^1_i b^2_j$ give

    $$ b_k = \frac{b^1_k b^2_k + b^1_k u^2 + b^2_k u^1}{1 - C}, \qquad u = \frac{u^1 u^2}{1 - C} $$

    (TMC, its combination rule). Since $b_k / u = e_k / K$, dividing the one by the other leaves

    $$ e_k = e^1_k + e^2_k + e^1_k e^2_k / K, $$

    in which C has cancelled: total conflict, where 1 - C loses all digits, is no special case. A vacuous opinion
    (e = 0) changes no bit.

    Args:
        evidence: ``[..., V, K]``.

    Returns:
        Fused evidence ``[..., K]``.

    Example:
        >>> dempster(torch.tensor([[2.0, 0.0], [1.0, 1.0], [0.0, 0.0]]))
        tensor([4., 1.])
    """
    classes = evidence.shape[-1]
    return reduce(lambda fused, each: fused + each + fused * each / classes, evidence.unbind(dim=-2))
