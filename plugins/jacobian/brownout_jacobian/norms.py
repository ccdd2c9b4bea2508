r"""How strongly a prediction reacts to a modality, and the bound of theorem 1 (Gao et al., 2022)."""

from __future__ import annotations

from math import inf, sqrt

from torch import Tensor

from brownout_jacobian.solver import Correction


def jacobian_norm(p: Tensor, W: Tensor, gamma: float) -> Tensor:
    r"""$\|J W_a W\|_F$, the size of the prediction's derivative by the modality's features (eq. 4).

    From the factors of `brownout_jacobian.solver`: neither J nor $W_a$ is formed.

    Args:
        p: probabilities ``[..., K]`` at which J is taken and $W_a$ was solved.
        W: weight ``[K, H]`` of the modality's head.
        gamma: in (0, 1]; 1 gives $\|J W\|_F$, that of statistical fusion.

    Returns:
        ``[...]``, at most `bound`.

    Example:
        >>> import torch
        >>> p, W = torch.tensor([0.5, 0.5]), torch.eye(2)
        >>> jacobian_norm(p, W, gamma=1), jacobian_norm(p, W, gamma=0.5)
        (tensor(0.5000), tensor(0.4000))
    """
    norm: Tensor = Correction(W, gamma).norm(p.reshape(-1, p.shape[-1]))
    return norm.reshape(p.shape[:-1])


def bound(gamma: float, classes: int) -> float:
    r"""What $\|J W_a W\|_F$ never exceeds: $\sqrt{\gamma K / (2 (1 - \gamma))}$ (theorem 1; eq. 11).

    A change $\epsilon$ of the features moves the prediction, to first order, by at most that times $\|\epsilon\|$.

    Args:
        gamma: in (0, 1]; nothing is bounded at 1.
        classes: K.

    Example:
        >>> bound(0.5, 2), bound(1, 2)
        (1.0, inf)
    """
    return sqrt(gamma * classes / (2 * (1 - gamma))) if gamma < 1 else inf
