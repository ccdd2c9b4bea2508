"""Image corruptions against the package imagecorruptions, in the same process, where it is installed.

``pytest tests/benchmarks/test_bench_corruptions.py --benchmark-enable``; ``speedup`` in ``extra_info`` is the ratio of
images per second, ``sum_speedup`` that of the times summed over the 15 corruptions of ImageNet-C, where the package and
Brownout take turns and the shortest round of each counts. The noise is drawn inside the measured time, as the package
draws its own.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from functools import partial
from statistics import median
from time import perf_counter
from typing import Any

import numpy as np
import pytest
import torch

from brownout.engine.memory import keep_freed_memory
from brownout.engine.noise import KeyedNoise
from brownout_features.plugin import brownout_perturbations as generic
from brownout_registry import Modality, bind_options, resolve
from brownout_vision.plugin import brownout_perturbations

CARDS = {card.name: card for card in (*generic(), *brownout_perturbations())}
FIFTEEN = ("gaussian-noise", "shot-noise", "impulse-noise", "defocus-blur", "glass-blur", "motion-blur", "zoom-blur")
FIFTEEN += ("snow", "frost", "fog", "brightness", "contrast", "elastic-transform", "pixelate", "jpeg-compression")
EXTRA = ("speckle-noise", "gaussian-blur", "spatter", "saturate")
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


def ours(name: str, images: torch.Tensor) -> Callable[[], torch.Tensor]:
    """A call that corrupts all images."""
    card, keys = CARDS[name], tuple(range(len(images)))
    modality = Modality("photo", "image", tuple(images.shape[1:]), range=(0.0, 1.0))
    levels = card.levels.get("image", card.levels.get("*"))
    options = {} if name == "gaussian-noise" else {"profile": "imagenet"}
    options |= {"pictures": "package"} if name == "frost" else {}
    perturb = resolve(card)(modality, levels, **bind_options(card, options))
    return lambda: perturb(images, SEVERITY, KeyedNoise(0, name, "photo", keys))


def theirs(corrupt: Callable[..., Any], name: str, images: torch.Tensor) -> list[Callable[[], Any]]:
    """A call for each of the first eight images."""
    arrays = [np.ascontiguousarray((image * 255).byte().permute(1, 2, 0).numpy()) for image in images[:8]]
    own = name.replace("-", "_")
    return [partial(corrupt, array, severity=SEVERITY, corruption_name=own) for array in arrays]


def seconds(call: Callable[[], Any]) -> float:
    start = perf_counter()
    call()
    return perf_counter() - start


def seconds_of_the_package(corrupt: Callable[..., Any], images: torch.Tensor, name: str) -> float:
    """Per image: the median over images, after two calls to warm up."""
    calls = theirs(corrupt, name, images)
    return median([seconds(call) for call in [*calls[:2], *calls]][2:])


def test_the_sum_over_the_fifteen(benchmark, corrupt):
    keep_freed_memory()  # as every run does
    images, taken = pictures(224), defaultdict(list)
    calls = {name: (ours(name, images), theirs(corrupt, name, images)) for name in FIFTEEN}

    def in_turns() -> None:
        for name, (whole, single) in calls.items():
            taken[name, "ours"].append(seconds(whole) / len(images))
            taken[name, "theirs"].append(sum(map(seconds, single)) / len(single))

    assert all(whole().shape == images.shape for whole, _ in calls.values())
    benchmark.pedantic(in_turns, rounds=6, warmup_rounds=1)
    speedups = {name: min(taken[name, "theirs"]) / min(taken[name, "ours"]) for name in FIFTEEN}
    slowest = min(speedups, key=speedups.__getitem__)
    both = [sum(min(taken[name, whose]) for name in FIFTEEN) for whose in ("theirs", "ours")]
    benchmark.extra_info |= {
        "sum_speedup": both[0] / both[1],
        "slowest": f"{slowest} {speedups[slowest]:.2f}",
        "speedups": speedups,
    }


@pytest.mark.parametrize("size", BATCH)
@pytest.mark.parametrize("name", [*FIFTEEN, *EXTRA])
def test_images_per_second(benchmark, corrupt, name, size):
    benchmark.group = f"corruptions at {size} pixels, severity {SEVERITY}"
    images = pictures(size)
    result = benchmark(ours(name, images))
    assert result.shape == images.shape
    if benchmark.enabled:
        package = seconds_of_the_package(corrupt, images, name)
        mine = benchmark.stats.stats.median / len(images)
        benchmark.extra_info |= {
            "images_per_second": 1 / mine,
            "package_images_per_second": 1 / package,
            "speedup": package / mine,
        }
