"""The global random states, which keyed noise stands in for."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch


def seeded(seed: int) -> dict[str, Any]:
    """Seed the generators of random, numpy and torch, and give their states."""
    random.seed(seed)
    np.random.seed(seed)  # noqa: NPY002  the state that must not be touched
    torch.manual_seed(seed)
    return _states()


def changed_generators(before: Mapping[str, Any]) -> str:
    """The libraries whose states are no longer these, in words.

    Example:
        >>> with restored():
        ...     before, number = seeded(0), random.random()
        ...     changed_generators(before)
        'random'
    """
    return ", ".join(name for name, state in _states().items() if state != before[name])


@contextmanager
def restored() -> Iterator[None]:
    """Afterwards the states are what they were."""
    of_random, of_numpy, of_torch = random.getstate(), np.random.get_state(), torch.get_rng_state()  # noqa: NPY002
    try:
        yield
    finally:
        random.setstate(of_random)
        np.random.set_state(of_numpy)  # noqa: NPY002
        torch.set_rng_state(of_torch)


def _states() -> dict[str, Any]:
    name, keys, *rest = np.random.get_state(legacy=True)  # noqa: NPY002
    return {
        "random": random.getstate(),
        "numpy": (name, np.asarray(keys).tobytes(), *rest),
        "torch": torch.get_rng_state().numpy().tobytes(),
    }
