"""How different the channels of the modalities' feature maps are, sample by sample."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import torch
from torch import Tensor

from brownout_dmrnet.diversity import cosine_distance, gram_distance
from brownout_registry import Representation

CHUNK = 32
"""Samples at a time: a matrix of C x C' distances each is held at once."""


@torch.no_grad()
def diagnose(
    representations: Mapping[str, Representation], sources: Mapping[str, Tensor], present: Tensor
) -> dict[str, Tensor]:
    r"""Means of the distance matrices between the channels of feature maps.

    Args:
        representations: by modality; those that are maps are looked at.
        sources: ``[B, *shape]`` by modality.
        present: bool ``[B, V]``.

    Returns:
        ``[B]`` each, 0 where a modality is absent: ``channel-gram.M x N`` and ``channel-cosine.M x N``, the means of
        `gram_distance` and `cosine_distance` for all pairs of maps of one height and width, M = N included.

    Example:
        >>> representations = {"rgb": Representation("map", (2, 1, 2)), "text": Representation("vector", (3,))}
        >>> sources = {"rgb": torch.eye(2).reshape(1, 2, 1, 2), "text": torch.ones(1, 3)}
        >>> diagnose(representations, sources, torch.ones(1, 2, dtype=torch.bool))
        {'channel-gram.rgb x rgb': tensor([0.5000]),
         'channel-cosine.rgb x rgb': tensor([0.5000])}
    """
    shapes = {name: each.shape for name, each in representations.items() if each.kind == "map"}
    there = dict(zip(representations, present.unbind(dim=1), strict=True))
    found: dict[str, Tensor] = {}
    for m in shapes:
        for n in (n for n in shapes if shapes[n][1:] == shapes[m][1:]):
            both = there[m] & there[n]
            for form, distance in (("gram", gram_distance), ("cosine", cosine_distance)):
                mean = _mean(distance, sources[m], sources[n])
                found[f"channel-{form}.{m} x {n}"] = torch.where(both, mean, 0.0)
    return found


def _mean(distance: Callable[[Tensor, Tensor], Tensor], F_m: Tensor, F_n: Tensor) -> Tensor:
    pairs = zip(F_m.split(CHUNK), F_n.split(CHUNK), strict=True)
    return torch.cat([distance(first, second).mean(dim=(1, 2)) for first, second in pairs])
