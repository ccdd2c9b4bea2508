"""The paper's formulas as pure functions of tensors, for any leading batch dimensions.

Equation numbers are those of "Training-Free Robust Multimodal Learning via Sample-Wise Jacobian Regularization"
(Gao et al., 2022).
"""

from __future__ import annotations

import torch
from torch import Tensor

from brownout_jacobian.solver import Correction


def jacobian(p: Tensor) -> Tensor:
    r"""Derivative of the prediction by its logits, up to sign: $J = p p^T - diag(p)$ (eq. 4).

    Args:
        p: probabilities ``[..., K]``.

    Returns:
        ``[..., K, K]``, symmetric and negative semi-definite, with rows that sum to zero.

    Example:
        >>> jacobian(torch.tensor([0.5, 0.5]))
        tensor([[-0.2500,  0.2500],
                [ 0.2500, -0.2500]])
    """
    return p[..., :, None] * p[..., None, :] - torch.diag_embed(p)


def regularised_logits(z: Tensor, p: Tensor, W: Tensor, gamma: float) -> Tensor:
    r"""Raw logits after regularisation, $W_a z$, where $W_a$ minimises the objective (eq. 5) at the prediction p.

    $W_a$ itself is never formed; see `brownout_jacobian.solver`. It acts on raw logits including the bias: shifted
    logits or log-probabilities give something else, because $W_a 1 \ne 1$ in general.

    Args:
        z: raw logits ``[..., K]``.
        p: probabilities ``[..., K]`` at which the Jacobian is taken.
        W: weight ``[K, H]`` of the linear head that gave z.
        gamma: in (0, 1]; 1 leaves z as it is, smaller values regularise more.

    Returns:
        ``[..., K]``.

    Example:
        The worked example of the paper's section 4:

        >>> z, W = torch.tensor([1.0, 0.0, 2.0]), torch.eye(3)
        >>> p = z.softmax(-1)
        >>> print([f"{value:.3f}" for value in p])
        ['0.245', '0.090', '0.665']
        >>> print([f"{value:.3f}" for value in regularised_logits(z, p, W, gamma=0.5).softmax(-1)])
        ['0.270', '0.096', '0.635']
        >>> print([f"{value:.3f}" for value in regularised_logits(z, p, W, gamma=0.01).softmax(-1)])
        ['0.391', '0.219', '0.390']
    """
    classes = z.shape[-1]
    correction: Tensor = Correction(W, gamma)(z.reshape(-1, classes), p.reshape(-1, classes))
    return z + correction.reshape(z.shape)


def weight_matrix(p: Tensor, W: Tensor, gamma: float) -> Tensor:
    r"""The matrix $W_a$ that solves $\kappa J^2 W_a (W W^T) + W_a = I$ with $\kappa = 1/\gamma - 1$ (eq. 8).

    For tests and figures; a prediction needs only `regularised_logits`.

    Args:
        p: probabilities ``[..., K]``.
        W: weight ``[K, H]`` of the modality's head.
        gamma: in (0, 1].

    Returns:
        ``[..., K, K]``; its columns sum to one.

    Example:
        >>> weight_matrix(torch.tensor([0.5, 0.5]), torch.eye(2), gamma=0.5)
        tensor([[0.9000, 0.1000],
                [0.1000, 0.9000]])
    """
    repeated = p[..., None, :].expand(*p.shape, p.shape[-1])
    columns = torch.eye(p.shape[-1], dtype=p.dtype, device=p.device).expand_as(repeated)
    return regularised_logits(columns, repeated, W, gamma).mT


def objective(Wa: Tensor, p: Tensor, W: Tensor, gamma: float) -> Tensor:
    r"""What `weight_matrix` minimises: $(1 - \gamma) \|J W_a W\|_F^2 + \gamma \|W_a - I\|_F^2$ (eq. 5).

    The norms are squared, as in eq. 9 to 11; only so does eq. 8 follow.

    Args:
        Wa: ``[..., K, K]``.
        p: probabilities ``[..., K]``.
        W: weight ``[K, H]`` of the modality's head.
        gamma: in (0, 1].

    Returns:
        ``[...]``.

    Example:
        >>> p, W = torch.tensor([0.5, 0.5]), torch.eye(2)
        >>> objective(torch.eye(2), p, W, gamma=0.5)
        tensor(0.1250)
        >>> objective(weight_matrix(p, W, gamma=0.5), p, W, gamma=0.5)
        tensor(0.1000)
    """
    sensitivity = (jacobian(p) @ Wa @ W).square().sum(dim=(-2, -1))
    distance = (Wa - torch.eye(p.shape[-1], dtype=Wa.dtype, device=Wa.device)).square().sum(dim=(-2, -1))
    return (1 - gamma) * sensitivity + gamma * distance
