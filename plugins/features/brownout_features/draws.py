"""One draw for each entry of a batch.

The draws of padded samples come from one generator each, so that the length of the batch's longest
sample does not matter.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor

from brownout_features.entries import Entries
from brownout_registry import Noise, Padded


def normal(inputs: Entries, noise: Noise, label: str) -> Tensor:
    """Standard normal draws of the shape, dtype and device of the values of ``inputs``, 0 at padding."""
    if isinstance(inputs, Padded):
        draws = _ragged(inputs, noise, label, lambda generator, shape: generator.standard_normal(shape, np.float32))
        return draws.to(inputs.values)
    return noise.normal(label, tuple(inputs.shape[1:])).to(inputs)


def uniform(inputs: Entries, noise: Noise, label: str) -> Tensor:
    """float32 draws from [0, 1) of the shape and device of the values of ``inputs``, 0 at padding."""
    if isinstance(inputs, Padded):
        draws = _ragged(inputs, noise, label, lambda generator, shape: generator.random(shape, np.float32))
        return draws.to(inputs.values.device)
    return noise.uniform(label, tuple(inputs.shape[1:])).to(inputs.device)


def _ragged(
    inputs: Padded, noise: Noise, label: str, draw: Callable[[np.random.Generator, tuple[int, ...]], np.ndarray]
) -> Tensor:
    field = torch.zeros(inputs.values.shape)
    for row, length, generator in zip(field, inputs.lengths.tolist(), noise.generators(label), strict=True):
        row[:length] = torch.from_numpy(draw(generator, tuple(row[:length].shape)))
    return field
