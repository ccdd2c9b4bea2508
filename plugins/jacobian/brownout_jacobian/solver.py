r"""Eq. 8 of the Jacobian paper for many samples at once, without forming a K x K matrix.

For the regularisation $\gamma$ let $\kappa = 1/\gamma - 1$. Eq. 8 in its inverse-free form is

$$ \kappa J^2 W_a (W W^T) + W_a = I, \qquad J = p p^T - diag(p). $$

With $W W^T = U diag(s) U^T$, column j of $W_a U$ solves $(I + c_j J^2) x_j = u_j$ where $c_j = \kappa s_j$. Directions
with $s_j = 0$ stay as they are, so only $r = \min(K, H)$ matter and a singular $W W^T$ needs no care:

$$ W_a z = z + \sum_{j: s_j > 0} (x_j - u_j) (u_j \cdot z). $$

$J^2 = diag(p^2) - p^2 p^T - p (p^2)^T + (p \cdot p) p p^T$ is diagonal plus rank two. Woodbury, with
$d_j = 1 + c_j p^2$ and $\sum p = 1$, gives

$$ x_j - u_j = -\frac{p}{d_j} (c_j p u_j + g_j + h_j p), $$
$$ g_j = \frac{c_j (\alpha_j f_j - \beta_j e_j)}{c_j \alpha_j^2 + \beta_j^2}, \quad
   h_j = -\frac{c_j (\beta_j f_j + c_j \alpha_j e_j)}{c_j \alpha_j^2 + \beta_j^2}, $$

with $\beta_j = \sum p / d_j$, $\alpha_j = \sum p^2 / d_j$, $f_j = \sum p u_j / d_j$ and $e_j = \sum p^2 u_j / d_j$.
The denominator is a sum of positive terms, so saturated predictions and large $\kappa$ lose no digits: in float32 the
result is off by a few units in the last place of the largest logit, and no higher precision is needed.

The same solution gives the norm that is minimised, as U and the right factor of W are orthonormal:

$$ \|J W_a W\|_F^2 = \sum_j s_j \|J x_j\|^2, \qquad x_j = (u_j - p (g_j + h_j p)) / d_j. $$
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor, nn

CHUNK_BYTES = {"cpu": 4 << 20}
"""Largest size of a temporary ``[rows, r, K]`` by device. Without gradients two of them live at once, whatever B is."""
CHUNK_BYTES_ELSEWHERE = 256 << 20


class Woodbury(NamedTuple):
    """``D`` is 1 / d, ``[B, r, K]``; ``g`` and ``h``, ``[B, r]``, still lack the factor c / ``denominator``."""

    D: Tensor
    DU: Tensor
    g: Tensor
    h: Tensor
    denominator: Tensor


class Correction(nn.Module):
    r"""What regularisation adds to a head's raw logits: ``Correction(W, gamma)(z, p)`` is $(W_a - I) z$.

    W is decomposed once, in float64, and kept in its own precision.

    Args:
        W: weight ``[K, H]`` of the head.
        gamma: in (0, 1]; 1 gives zero.

    Example:
        >>> z = torch.tensor([[1.0, 0.0, 2.0]])
        >>> (z + Correction(torch.eye(3), gamma=0.5)(z, z.softmax(-1))).softmax(-1)
        tensor([[0.2695, 0.0956, 0.6349]])
    """

    basis: Tensor
    strength: Tensor
    eigenvalues: Tensor

    def __init__(self, W: Tensor, gamma: float) -> None:
        super().__init__()
        basis, singular, _ = torch.linalg.svd(W.detach().to("cpu", torch.float64), full_matrices=False)
        self.register_buffer("basis", basis.T.contiguous().to(W), persistent=False)
        self.register_buffer("strength", ((1 / gamma - 1) * singular.square()).to(W), persistent=False)
        self.register_buffer("eigenvalues", singular.square().to(W), persistent=False)

    def forward(self, z: Tensor, p: Tensor) -> Tensor:
        """``[B, K]`` from raw logits z and the prediction p at which the Jacobian is taken, ``[B, K]`` each."""
        U, c = self.basis.to(z.dtype), self.strength.to(z.dtype)
        rows = min(_rows(U), len(z))
        tracked = torch.is_grad_enabled() and (z.requires_grad or p.requires_grad)
        reused = None if tracked else U.new_empty(2, rows, *U.shape)
        chunks = zip(torch.split(z, rows), torch.split(p, rows), strict=True)
        return torch.cat([_correct(logits, prediction, U, c, reused) for logits, prediction in chunks])

    @torch.no_grad()
    def norm(self, p: Tensor) -> Tensor:
        r"""$\|J W_a W\|_F$, ``[B]``, at the predictions p, ``[B, K]``; no gradient flows."""
        U, c, s = (each.to(p.dtype) for each in (self.basis, self.strength, self.eigenvalues))
        return torch.cat([_norm(chunk, U, c, s) for chunk in torch.split(p, _rows(U))])


def _rows(U: Tensor) -> int:
    """How many samples are solved at once."""
    budget = CHUNK_BYTES.get(U.device.type, CHUNK_BYTES_ELSEWHERE)
    return max(1, budget // (U.numel() * U.element_size()))


def _correct(z: Tensor, p: Tensor, U: Tensor, c: Tensor, reused: Tensor | None) -> Tensor:
    """(Wa - I) z by the formulas of this module; rows of ``U`` are the directions."""
    D, DU, g, h, denominator = _woodbury(p, U, c, reused)
    w = c * (z @ U.T)
    scale = w / denominator
    g, h = (torch.stack((scale * g, scale * h), dim=1) @ D).unbind(dim=1)
    return -p * (g + p * (h + (w[:, None, :] @ DU).squeeze(1)))


def _norm(p: Tensor, U: Tensor, c: Tensor, eigenvalues: Tensor) -> Tensor:
    D, DU, g, h, denominator = _woodbury(p, U, c, None)
    scale, p = (c / denominator)[..., None], p[:, None, :]
    x = DU - D * p * (scale * (g[..., None] + p * h[..., None]))
    Jx = p * (x - (x @ p.mT))
    return (Jx.square().sum(dim=-1) @ eigenvalues).sqrt()


def _woodbury(p: Tensor, U: Tensor, c: Tensor, reused: Tensor | None) -> Woodbury:
    """Without gradients all chunks may write D and D * U into the same memory, which saves most page faults."""
    first, second = (None, None) if reused is None else reused[:, : len(p)]
    D = torch.mul(c[:, None], p.square()[:, None, :], out=first).add_(1).reciprocal_()
    DU = torch.mul(D, U, out=second)
    powers = torch.stack((p, p.square()), dim=1)
    beta, alpha = (powers @ D.mT).unbind(dim=1)
    f, e = (powers @ DU.mT).unbind(dim=1)
    denominator = c * alpha.square() + beta.square()
    return Woodbury(D, DU, alpha * f - beta * e, -(beta * f + c * alpha * e), denominator)
