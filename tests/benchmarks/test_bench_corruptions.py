"""Image corruptions against the package imagecorruptions, in the same process, where it is installed.

``pytest tests/benchmarks/test_bench_corruptions.py --benchmark-enable``; ``speedup`` in ``extra_info`` is the ratio of
images per second. The noise is drawn inside the measured time, as the package draws its own.
"""

from __future__ import annotations

from collections.abc import Callable
from statistics import median
from time import perf_counter
from typing import Any

import numpy as np
import pytest
import torch

from brownout.engine.noise import KeyedNoise
from brownout_registry import Modality, bind_options, resolve
from brownout_vision.plugin import brownout_perturbations

CARDS = {card.name: card for card in brownout_perturbations()}
SEVERITY = 3
BATCH = {224: 8, 64: 64}


def pictures(size: int) -> torch.Tensor:
    """Smooth pictures of 256 levels."""
    coarse = torch.rand(BATCH[size], 3, 8, 8, generator=torch.Generator().manual_seed(0))
    fine = torch.nn.functional.interpolate(coarse, (size, size), mode="bicubic").clamp(0, 1)
    return (fine * 255).round() / 255


@pytest.fixture(scope="module")
def corrupt() -> Callable[..., Any]:
    return pytest.importorskip("imagecorruptions", reason="the package to compare with is not installed").corrupt


def seconds_of_the_package(corrupt: Callable[..., Any], images: torch.Tensor, name: str) -> float:
    """Per image: the median over images, after two calls to warm up."""
    arrays = [np.ascontiguousarray((image * 255).byte().permute(1, 2, 0).numpy()) for image in images[:8]]
    taken = []
    for array in [*arrays[:2], *arrays]:
        start = perf_counter()
        corrupt(array, severity=SEVERITY, corruption_name=name.replace("-", "_"))
        taken.append(perf_counter() - start)
    return median(taken[2:])


@pytest.mark.parametrize("size", BATCH)
@pytest.mark.parametrize("name", [name for name in CARDS if name != "occlusion"])
def test_images_per_second(benchmark, corrupt, name, size):
    benchmark.group = f"corruptions at {size} pixels, severity {SEVERITY}"
    card, images = CARDS[name], pictures(size)
    modality = Modality("photo", "image", (3, size, size), range=(0.0, 1.0))
    perturb = resolve(card)(modality, card.levels["*"], **bind_options(card, {"profile": "imagenet"}))
    result = benchmark(lambda: perturb(images, SEVERITY, KeyedNoise(0, name, "photo", tuple(range(len(images))))))
    assert result.shape == images.shape
    if benchmark.enabled:
        theirs = seconds_of_the_package(corrupt, images, name)
        mine = benchmark.stats.stats.median / len(images)
        benchmark.extra_info |= {
            "images_per_second": 1 / mine,
            "package_images_per_second": 1 / theirs,
            "speedup": theirs / mine,
        }
