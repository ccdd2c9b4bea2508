"""Keyed noise (guarantee G3): a sample's draw depends on its key alone."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import numpy as np
import torch
from torch import Tensor


@dataclass(frozen=True)
class KeyedNoise:
    """The noise of a batch of samples for one perturbation of one modality.

    Each sample and label has its own Philox stream, keyed by (seed, perturbation, modality, label,
    sample id). Draws are made on the CPU and kept, so that all severities of a view share them.

    Example:
        >>> one = KeyedNoise(0, "gaussian-noise", "audio", (7,)).normal("field", (2,))
        >>> both = KeyedNoise(0, "gaussian-noise", "audio", (3, 7)).normal("field", (2,))
        >>> torch.equal(one[0], both[1])
        True
    """

    seed: int
    perturbation: str
    modality: str
    ids: tuple[int, ...]
    device: str = "cpu"
    _drawn: dict[tuple[str, str, tuple[int, ...]], Tensor] = field(default_factory=dict, repr=False, compare=False)

    def uniform(self, label: str, shape: tuple[int, ...] = ()) -> Tensor:
        """float32 ``[B, *shape]`` in [0, 1)."""
        return self._draw("uniform", label, shape, lambda rng: rng.random(shape, dtype=np.float32))

    def normal(self, label: str, shape: tuple[int, ...] = ()) -> Tensor:
        """float32 ``[B, *shape]``, standard normal."""
        return self._draw("normal", label, shape, lambda rng: rng.standard_normal(shape, dtype=np.float32))

    def generators(self, label: str) -> Iterator[np.random.Generator]:
        """One generator for each sample, in order, each at the start of its stream."""
        stem = f"{self.seed}|{self.perturbation}|{self.modality}|{label}|"
        for sample in self.ids:
            digest = hashlib.blake2b(f"{stem}{sample}".encode(), digest_size=16).digest()
            yield np.random.Generator(np.random.Philox(key=np.frombuffer(digest, dtype=np.uint64)))

    def _draw(
        self, kind: str, label: str, shape: tuple[int, ...], draw: Callable[[np.random.Generator], np.ndarray]
    ) -> Tensor:
        key = (kind, label, shape)
        if key not in self._drawn:
            values = np.empty((len(self.ids), *shape), dtype=np.float32)
            for row, rng in enumerate(self.generators(label)):
                values[row] = draw(rng)
            self._drawn[key] = torch.from_numpy(values).to(self.device)
        return self._drawn[key]
