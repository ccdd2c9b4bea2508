"""Heads over representations: pooling and a small perceptron."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch
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


def pool_present(
    representations: Mapping[str, Representation], sources: Mapping[str, Tensor], present: Tensor
) -> dict[str, Tensor]:
    """`pool` of every modality, zero where it is absent.

    Absent rows are replaced, not multiplied, so that even NaN in them goes nowhere.

    Args:
        representations: by modality, in the column order of ``present``.
        sources: ``[B, *shape]`` by modality.
        present: bool ``[B, V]``.

    Returns:
        ``{name: [B, pooled_size]}``.

    Example:
        >>> representations = {"audio": Representation("vector", (2,)), "video": Representation("map", (1, 2, 2))}
        >>> sources = {"audio": torch.ones(1, 2), "video": torch.full((1, 1, 2, 2), torch.nan)}
        >>> pool_present(representations, sources, torch.tensor([[True, False]]))
        {'audio': tensor([[1., 1.]]), 'video': tensor([[0.]])}
    """
    return {
        name: torch.where(present[:, column, None], pool(representation, sources[name]), 0.0)
        for column, (name, representation) in enumerate(representations.items())
    }


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
