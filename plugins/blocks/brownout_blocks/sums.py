"""Sums that do not depend on the company a sample keeps."""

from __future__ import annotations

from torch import Tensor
from torch.nn.functional import pad


def row_sums(rows: Tensor) -> Tensor:
    """Sum of each row of ``[B, n]`` by folding it in half.

    Elementwise additions in an order that neither the batch nor zeros at the end can change; a library's
    ``sum`` splits its work by the size of the whole tensor.

    Returns:
        ``[B]``.

    Example:
        >>> import torch
        >>> row_sums(torch.tensor([[1.0, 2.0, 3.0], [0.5, 0.0, 0.0]]))
        tensor([6.0000, 0.5000])
    """
    rows = pad(rows, (0, 1))
    while rows.shape[1] > 1:
        half = 1 << (rows.shape[1] - 1).bit_length() - 1
        rows = rows[:, :half] + pad(rows[:, half:], (0, 2 * half - rows.shape[1]))
    return rows[:, 0]
