"""What plugin tests share: a source of keyed randomness, as the contract describes it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from hashlib import blake2b

import numpy as np
import pytest
import torch
from torch import Tensor

from brownout_registry import Noise


@dataclass(frozen=True)
class KeyedNoise:
    """Draws that depend on seed, label and sample id alone."""

    ids: tuple[int, ...]
    seed: int

    def uniform(self, label: str, shape: tuple[int, ...] = ()) -> Tensor:
        draws = [generator.random(shape, np.float32) for generator in self.generators(label)]
        return torch.from_numpy(np.asarray(draws, np.float32)).reshape(-1, *shape)

    def normal(self, label: str, shape: tuple[int, ...] = ()) -> Tensor:
        draws = [generator.standard_normal(shape, np.float32) for generator in self.generators(label)]
        return torch.from_numpy(np.asarray(draws, np.float32)).reshape(-1, *shape)

    def generators(self, label: str) -> Iterator[np.random.Generator]:
        for each in self.ids:
            key = blake2b(f"{self.seed}|{label}|{each}".encode(), digest_size=16).digest()
            yield np.random.Generator(np.random.Philox(key=np.frombuffer(key, np.uint64)))


@pytest.fixture(scope="session")
def noise_for() -> Callable[..., Noise]:
    """``noise_for(ids, seed=0)``: the noise of the samples with these ids."""

    def noise(ids: Sequence[int], seed: int = 0) -> Noise:
        return KeyedNoise(tuple(int(each) for each in ids), seed)

    return noise
