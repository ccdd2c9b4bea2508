"""Heads over representations: pooling and a small perceptron."""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor, nn

from brownout_registry import Representation


def pool(representation: Representation, values: Tensor) -> Tensor:
    """Average a map over its positions and a sequence over its steps; a vector stays as it is.

    Args:
        representation: says how ``values`` look.
        values: ``[B, *representation.shape]``.

    Returns:
        ``[B, pooled_size(representation)]``.

    Example:
        >>> import torch
        >>> pool(Representation("map", (2, 4, 4)), torch.ones(3, 2, 4, 4)).shape
        torch.Size([3, 2])
    """
    if representation.kind == "map":
        return values.mean(dim=(2, 3))
    return values.mean(dim=1) if representation.kind == "sequence" else values


def pooled_size(representation: Representation) -> int:
    """How many numbers `pool` leaves of one sample.

    Example:
        >>> pooled_size(Representation("sequence", (50, 8)))
        8
    """
    return representation.shape[-1 if representation.kind == "sequence" else 0]


def mlp(inputs: int, hidden: Sequence[int], outputs: int, dropout: float = 0.0) -> nn.Sequential:
    """Linear layers with ReLU and dropout between them; without ``hidden`` a single linear layer.

    ``mlp(...)[-1]`` is the last linear layer, ``mlp(...)[:-1]`` gives what it sees.

    Example:
        >>> mlp(8, [16], 3)
        Sequential(
          (0): Linear(in_features=8, out_features=16, bias=True)
          (1): ReLU()
          (2): Dropout(p=0.0, inplace=False)
          (3): Linear(in_features=16, out_features=3, bias=True)
        )
    """
    layers: list[nn.Module] = []
    for width in hidden:
        layers += [nn.Linear(inputs, width), nn.ReLU(), nn.Dropout(dropout)]
        inputs = width
    return nn.Sequential(*layers, nn.Linear(inputs, outputs))
