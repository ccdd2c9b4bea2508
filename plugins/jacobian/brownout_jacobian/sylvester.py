r"""The printed form of eq. 8, one sample at a time, to check `brownout_jacobian.solver` against.

For the invertible $W W^T$ that the paper assumes, eq. 8 is the Sylvester equation $A W_a + W_a B = B$ with
$A = (1/\gamma - 1) J^2$ and $B = (W W^T)^{-1}$ (the inverse, as in App. A.5; the text's transpose does not follow).
"""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from scipy.linalg import solve_sylvester
from torch import Tensor, nn

from brownout_registry import UsageError


class SylvesterCorrection(nn.Module):
    r"""As `brownout_jacobian.solver.Correction`, by ``scipy.linalg.solve_sylvester`` in float64 on the CPU.

    It takes O(K³) per sample and gives no gradients.

    Args:
        W: weight ``[K, H]`` of the head.
        gamma: in (0, 1].

    Raises:
        UsageError: $W W^T$ is singular, as it is whenever K > H.

    Example:
        >>> z = torch.tensor([[1.0, 0.0, 2.0]])
        >>> (z + SylvesterCorrection(torch.eye(3), gamma=0.5)(z, z.softmax(-1))).softmax(-1)
        tensor([[0.2695, 0.0956, 0.6349]])
    """

    def __init__(self, W: Tensor, gamma: float) -> None:
        super().__init__()
        self.W, self.kappa = _numpy(W), 1 / gamma - 1
        square = self.W @ self.W.T
        if np.linalg.matrix_rank(square, hermitian=True) < len(square):
            classes, features = self.W.shape
            raise UsageError(f"W Wᵀ is singular ({classes} classes, {features} features)")
        self.B = np.linalg.inv(square)

    def forward(self, z: Tensor, p: Tensor) -> Tensor:
        """(Wa - I) z, ``[B, K]``, from raw logits z and the prediction p, ``[B, K]`` each.

        Raises:
            UsageError: gradients are asked for.
        """
        if torch.is_grad_enabled() and (z.requires_grad or p.requires_grad):
            raise UsageError("fusion 'jacobian', option 'solver': 'sylvester' gives no gradients, use 'eigen'")
        pairs = zip(_numpy(z), _numpy(p), strict=True)
        return _tensor([self._weight(prediction)[1] @ logits - logits for logits, prediction in pairs], z)

    def norm(self, p: Tensor) -> Tensor:
        r"""$\|J W_a W\|_F$, ``[B]``, at the predictions p, ``[B, K]``."""
        pairs = [self._weight(prediction) for prediction in _numpy(p)]
        return _tensor([np.linalg.norm(J @ Wa @ self.W) for J, Wa in pairs], p[:, 0])

    def _weight(self, p: Any) -> tuple[Any, Any]:
        """J and Wa of one sample, ``[K, K]`` each."""
        J = np.outer(p, p) - np.diag(p)
        return J, solve_sylvester(self.kappa * J @ J, self.B, self.B)


def _numpy(values: Tensor) -> Any:
    return values.detach().to("cpu", torch.float64).numpy()


def _tensor(rows: list[Any], like: Tensor) -> Tensor:
    return torch.from_numpy(np.asarray(rows, dtype=np.float64).reshape(like.shape)).to(like)
