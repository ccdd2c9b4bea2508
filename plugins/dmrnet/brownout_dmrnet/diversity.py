"""How different the channels of feature maps are: D_channel (Wei et al., 2024, eq. 14 and 15) and its relatives."""

from __future__ import annotations

from torch import Tensor
from torch.nn import functional


def gram_distance(F_m: Tensor, F_n: Tensor) -> Tensor:
    r"""$D_{channel}$ as eq. 14 and 15 print it.

    $$ F_o = F_m F_n^T, \qquad D[k, :] = 1 - F_o[k, :] / \|F_o[k, :]\|_2 $$

    Rows of the matrix of inner products are normalised, not channels, so this is not the cosine distance of which the
    text speaks (see `cosine_distance`), and D(m, n) is not the transpose of D(n, m).

    Args:
        F_m: ``[B, C, H, W]``.
        F_n: ``[B, C', H, W]``; the same for the diversity within a modality.

    Returns:
        ``[B, C, C']`` in [0, 2]; 1 in the row of a channel that is zero everywhere.

    Example:
        >>> import torch
        >>> F = torch.eye(2).reshape(1, 2, 1, 2)
        >>> gram_distance(F, 5 * F)
        tensor([[[0., 1.],
                 [1., 0.]]])
    """
    return 1 - functional.normalize(F_m.flatten(2) @ F_n.flatten(2).mT, dim=2)


def cosine_distance(F_m: Tensor, F_n: Tensor) -> Tensor:
    """The cosine distance between the channels of two maps, which the text around eq. 14 describes.

    Args:
        F_m: ``[B, C, H, W]``.
        F_n: ``[B, C', H, W]``.

    Returns:
        ``[B, C, C']`` in [0, 2]; 1 for a channel that is zero everywhere.

    Example:
        >>> import torch
        >>> F = torch.tensor([[1.0, 0.0], [-2.0, 0.0]]).reshape(1, 2, 1, 2)
        >>> cosine_distance(F, F)
        tensor([[[0., 2.],
                 [2., 0.]]])
    """
    channels, others = (functional.normalize(each.flatten(2), dim=2) for each in (F_m, F_n))
    return 1 - channels @ others.mT
