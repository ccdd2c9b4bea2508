"""Balls around inputs: steps of length one, projections, and where a search may start."""

from __future__ import annotations

from typing import Literal, TypeAlias

import torch
from torch import Tensor

Norm: TypeAlias = Literal["linf", "l2"]
"""How a perturbation is measured: its largest entry, or its Euclidean length."""


def direction(gradient: Tensor, norm: Norm) -> Tensor:
    r"""The step of norm 1 along which a linear function grows most: $sign(g)$, or $g / \|g\|_2$ of each sample.

    Zero gradients stay zero; the smallest ones count like any other.

    Args:
        gradient: ``[B, ...]``.
        norm: which one.

    Example:
        >>> direction(torch.tensor([[3.0, -4.0]]), "linf"), direction(torch.tensor([[3.0, -4.0]]), "l2")
        (tensor([[ 1., -1.]]), tensor([[ 0.6000, -0.8000]]))
    """
    if norm == "linf":
        return gradient.sign()
    tiny = torch.finfo(gradient.dtype).tiny
    largest = by_row(gradient.flatten(1).abs().amax(1), gradient)
    scaled = gradient / largest.clamp_min(tiny)  # or the squares of a sure prediction's gradient would be zero
    return scaled / lengths(scaled).clamp_min(tiny)


def project(delta: Tensor, epsilon: float, norm: Norm) -> Tensor:
    r"""The nearest perturbation in the ball: $clip(\delta, \pm\epsilon)$, $\delta \min(1, \epsilon / \|\delta\|_2)$.

    Args:
        delta: ``[B, ...]``.
        epsilon: radius of the ball, in the input's unit.
        norm: which ball.

    Example:
        >>> project(torch.tensor([[3.0, -4.0]]), 1.0, "l2")
        tensor([[ 0.6000, -0.8000]])
    """
    if norm == "linf":
        return delta.clamp(-epsilon, epsilon)
    return delta * (epsilon / lengths(delta).clamp_min(torch.finfo(delta.dtype).tiny)).clamp_max(1)


def uniform_start(draws: Tensor, epsilon: float) -> Tensor:
    r"""A perturbation whose entries are uniform in $[-\epsilon, \epsilon)$; `project` it onto any smaller ball.

    Args:
        draws: ``[B, ...]``, uniform in [0, 1).
        epsilon: in the input's unit.

    Example:
        >>> uniform_start(torch.tensor([[0.0, 0.5, 0.75]]), 0.1)
        tensor([[-0.1000,  0.0000,  0.0500]])
    """
    return (2 * draws - 1) * epsilon


def lengths(values: Tensor) -> Tensor:
    """Euclidean length of each sample, ``[B, 1, ...]``.

    Example:
        >>> lengths(torch.tensor([[3.0, 4.0]]))
        tensor([[5.]])
    """
    return by_row(torch.linalg.vector_norm(values.flatten(1), dim=1), values)


def by_row(numbers: Tensor, like: Tensor) -> Tensor:
    """One number for each sample, ``[B]``, in a shape that is broadcast to ``like``.

    Example:
        >>> by_row(torch.ones(2), torch.ones(2, 3, 4)).shape
        torch.Size([2, 1, 1])
    """
    return numbers.reshape(-1, *[1] * (like.ndim - 1))
