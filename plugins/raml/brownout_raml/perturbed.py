"""One sample's modality under perturbations that other plugins bring."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from zlib import crc32

import numpy as np
import torch
from torch import Tensor

from brownout_registry import Inputs, Modality, bind_options, catalogue, resolve


@dataclass(frozen=True)
class SampleNoise:
    """Randomness for one sample that depends on the label alone; see `brownout_registry.Noise`."""

    def uniform(self, label: str, shape: tuple[int, ...] = ()) -> Tensor:
        """float32 ``[1, *shape]`` in [0, 1)."""
        return torch.rand(1, *shape, generator=_generator(label))

    def normal(self, label: str, shape: tuple[int, ...] = ()) -> Tensor:
        """float32 ``[1, *shape]``, standard normal."""
        return torch.randn(1, *shape, generator=_generator(label))

    def generators(self, label: str) -> Iterator[np.random.Generator]:
        """One generator."""
        yield np.random.default_rng(crc32(label.encode()))


def _generator(label: str) -> torch.Generator:
    return torch.Generator().manual_seed(crc32(label.encode()))


@dataclass(frozen=True)
class Perturbations:
    """What perturbs a text, what perturbs everything else, and their physical parameters.

    Attributes:
        other: name of the perturbation of what is not text.
        other_levels: its physical parameters.
        text: name of the perturbation of texts.
        text_levels: its physical parameters.
    """

    other: str
    other_levels: Sequence[float]
    text: str
    text_levels: Sequence[float]

    def name_of(self, modality: Modality) -> str:
        """The name of the perturbation of a modality."""
        return self.text if modality.kind == "text" else self.other

    def __call__(self, modality: Modality, inputs: Inputs) -> Iterator[tuple[float, Inputs]]:
        """The input of one sample as it is (level 0), then at each level, with the same draws.

        Raises:
            UsageError: nobody provides the perturbation, or it refuses the modality or its levels.
        """
        levels = list(self.text_levels if modality.kind == "text" else self.other_levels)
        card = catalogue().find("perturbation", self.name_of(modality)).card
        perturb = resolve(card)(modality, levels=levels, **bind_options(card, {}))
        yield 0.0, inputs
        for severity, level in enumerate(levels, 1):
            yield level, perturb(inputs, severity, SampleNoise())
