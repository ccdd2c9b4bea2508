"""What the tests of corruptions share: noise with given draws, as the package made them, and recorded pictures."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

RECORDED = Path(__file__).parents[4] / "shared" / "golden" / "imagenet_c"


@dataclass
class Given:
    """Noise of one sample whose draws are given by label."""

    draws: dict[str, np.ndarray]

    def uniform(self, label: str, shape: tuple[int, ...] = ()) -> Tensor:
        draw = torch.tensor(self.draws[label])[None]
        assert draw.shape[1:] == shape
        return draw

    normal = uniform


@pytest.fixture(scope="session")
def recorded() -> Callable[[str], Any]:
    """``recorded("exact_64")``: arrays of the package's results, or a skip with the reason."""

    def load(name: str) -> Any:
        if not RECORDED.is_dir():
            pytest.skip("recorded corruptions not at hand: ../shared/golden/imagenet_c is absent")
        return np.load(RECORDED / f"{name}.npz")

    return load


@pytest.fixture(scope="session")
def given_noise() -> Callable[[dict[str, np.ndarray]], Given]:
    """``given_noise({"angle": draw})``: noise of one sample whose draws are these."""
    return Given


@pytest.fixture(scope="session")
def draws_of() -> Callable[..., Given]:
    """``draws_of("snow", (height, width), constants)``: what the package draws with seed 0."""

    def draws(name: str, size: tuple[int, int], constants: Any = None) -> Given:
        return Given(SEEDED[name](np.random.RandomState(0), *size, constants))

    return draws


def _channels_first(draw: np.ndarray) -> np.ndarray:
    return draw.transpose(2, 0, 1)


def _impulse(_: Any, height: int, width: int, __: Any) -> dict[str, np.ndarray]:
    random = np.random.default_rng(0)
    return {label: _channels_first(random.random((height, width, 3))) for label in ("hit", "salt")}


def _glass(random: Any, height: int, width: int, constants: Any) -> dict[str, np.ndarray]:
    """The package draws offsets from the last pixel backwards; ours lie at their pixel, as uniform draws."""
    _, d, passes = constants
    draws = {}
    for number in range(passes):
        offsets = random.randint(-d, d, size=(height - 2 * d, width - 2 * d, 2))
        field = np.zeros((2, height, width))
        field[:, d + 1 : height - d + 1, d + 1 : width - d + 1] = _channels_first(offsets[::-1, ::-1] + d + 0.5)
        draws[f"pass {number}"] = field / (2 * d)
    return draws


def _fog(random: Any, height: int, width: int, _: Any) -> dict[str, np.ndarray]:
    """Level after level, as the package draws them: centres, horizontal edges, vertical edges."""
    side = 1 << (max(height, width) - 1).bit_length()
    return {"plasma": random.random_sample(side * side - 1)}


SEEDED: dict[str, Callable[..., dict[str, np.ndarray]]] = {
    "gaussian-noise": lambda r, h, w, _: {"gaussian": _channels_first(r.normal(size=(h, w, 3)))},
    "speckle-noise": lambda r, h, w, _: {"speckle": _channels_first(r.normal(size=(h, w, 3)))},
    "impulse-noise": _impulse,
    "glass-blur": _glass,
    "motion-blur": lambda r, h, w, _: {"angle": np.array(r.random_sample())},
    "elastic-transform": lambda r, h, w, _: {label: r.random_sample((h, w)) for label in ("dx", "dy")},
    "fog": _fog,
    "snow": lambda r, h, w, _: {"layer": r.normal(size=(h, w)), "angle": np.array(r.random_sample())},
    "spatter": lambda r, h, w, _: {"liquid": r.normal(size=(h, w))},
}
