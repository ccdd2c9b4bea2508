"""The corruptions against results of the package imagecorruptions, with its own draws.

With the same draws a value may differ by one grey level where the package's float64 lies at the edge of two.
"""

from __future__ import annotations

from importlib.util import find_spec
from typing import Any

import numpy as np
import pytest
import torch

from brownout_features.plugin import brownout_perturbations as generic
from brownout_registry import Modality, bind_options, resolve
from brownout_vision.corruptions.constants import CIFAR, IMAGENET
from brownout_vision.corruptions.defocus import disk
from brownout_vision.corruptions.frame import truncated
from brownout_vision.corruptions.frost_pictures import pictures_for
from brownout_vision.corruptions.noise import poisson_counts, poisson_table
from brownout_vision.plugin import brownout_perturbations

CARDS = {card.name: card for card in (*generic(), *brownout_perturbations())}
DETERMINISTIC = [
    *("brightness", "contrast", "saturate", "gaussian-blur", "defocus-blur", "zoom-blur", "pixelate"),
    "jpeg-compression",
]
EXACT = {"pixelate", "jpeg-compression"}
SEEDED = ["gaussian-noise", "speckle-noise", "impulse-noise", "glass-blur", "motion-blur", "elastic-transform"]
SEEDED += ["fog", "snow", "spatter"]
SEVERITIES = range(1, 6)


def perturbation(name: str, size: tuple[int, int], **options: Any) -> Any:
    card = CARDS[name]
    levels = card.levels.get("image", card.levels.get("*"))
    modality = Modality("photo", "image", (3, *size), range=(0.0, 1.0))
    return resolve(card)(modality, levels, **bind_options(card, options))


def images(pixels: np.ndarray) -> torch.Tensor:
    return torch.from_numpy(pixels).permute(0, 3, 1, 2).contiguous().float() / 255


def levels(result: torch.Tensor) -> np.ndarray:
    return (result * 255).round().permute(0, 2, 3, 1).numpy().astype(int)


def constants(name: str, severity: int) -> Any:
    return IMAGENET.get(name, [None] * 5)[severity - 1]


def assert_same(name: str, result: np.ndarray, expected: np.ndarray) -> None:
    difference = np.abs(result - expected.astype(int))
    assert difference.max() <= (name not in EXACT)
    assert (difference > 0).mean() < 0.15


@pytest.mark.parametrize("size", [64, 224])
@pytest.mark.parametrize("name", DETERMINISTIC)
def test_what_is_not_random_is_the_packages(recorded, name, size):
    photos, expected = images(recorded("inputs")[f"x{size}"]), recorded(f"exact_{size}")[name.replace("-", "_")]
    perturb = perturbation(name, (size, size))
    for severity in SEVERITIES:
        assert_same(name, levels(perturb(photos, severity, None)), expected[severity - 1])


@pytest.mark.parametrize("name", DETERMINISTIC)
def test_small_images_get_the_constants_of_cifar(recorded, name):
    own = recorded("cifar32_own")
    perturb = perturbation(name, (32, 32))
    for severity in SEVERITIES:
        result = levels(perturb(images(own["x32"]), severity, None))
        assert_same(name, result, own[name.replace("-", "_")][severity - 1])


@pytest.mark.parametrize("name", ["brightness", "contrast", "saturate", "defocus-blur", "gaussian-blur", "zoom-blur"])
def test_without_truncation_it_is_what_the_package_truncates(recorded, name):
    cat = images(recorded("inputs")["x64"][1:2])
    expected = recorded("float_64_chelsea")[name.replace("-", "_")]
    perturb = perturbation(name, (64, 64), quantise=False)
    for severity in SEVERITIES:
        result = perturb(cat, severity, None)[0].permute(1, 2, 0) * 255
        np.testing.assert_allclose(result, expected[severity - 1], atol=1e-3)


@pytest.mark.parametrize("name", SEEDED)
def test_with_its_draws_what_is_random_is_the_packages_at_64_pixels(recorded, draws_of, name):
    photos, expected = images(recorded("inputs")["x64"]), recorded("seeded0_64")[name.replace("-", "_")]
    perturb = perturbation(name, (64, 64))
    for severity in SEVERITIES:
        noise = draws_of(name, (64, 64), constants(name, severity))
        for photo, picture in zip(photos, expected[severity - 1], strict=True):
            result = perturb(photo[None], severity, noise)
            assert_same(name, levels(truncated(result))[0], picture)


@pytest.mark.parametrize("name", SEEDED)
def test_with_its_draws_what_is_random_is_the_packages_at_224_pixels(recorded, draws_of, name):
    cat = images(recorded("inputs")["x224"][1:2])
    expected = recorded("seeded0_224_chelsea_s135")[name.replace("-", "_")]
    perturb = perturbation(name, (224, 224))
    for severity, picture in zip((1, 3, 5), expected, strict=True):
        noise = draws_of(name, (224, 224), constants(name, severity))
        assert_same(name, levels(truncated(perturb(cat, severity, noise)))[0], picture)


def uniforms_for(counts: np.ndarray, pixels: np.ndarray, c: float) -> np.ndarray:
    """Uniform draws, ``[C, H, W]``, in the middle of where the inverse distribution function gives these counts."""
    table = np.pad(poisson_table(c).numpy(), ((0, 0), (1, 0)))
    middle = (table[pixels, counts] + table[pixels, counts + 1]) / 2
    return middle.transpose(2, 0, 1).astype(np.float32)


@pytest.mark.parametrize(("size", "file"), [(64, "seeded0_64"), (224, "seeded0_224_chelsea_s135")])
def test_with_its_counts_shot_noise_is_the_packages(recorded, given_noise, size, file):
    """The package draws Poisson counts, ours are the inverse distribution function of uniform draws."""
    photos = recorded("inputs")[f"x{size}"][0 if size == 64 else 1 :]
    severities = SEVERITIES if size == 64 else (1, 3, 5)
    perturb = perturbation("shot-noise", (size, size))
    for severity, recorded_ones in zip(severities, recorded(file)["shot_noise"], strict=True):
        c = constants("shot-noise", severity)
        for photo, picture in zip(photos, recorded_ones if size == 64 else [recorded_ones], strict=True):
            counts = np.random.RandomState(0).poisson(photo / 255 * c)
            noise = given_noise({"counts": uniforms_for(counts, photo, c)})
            assert_same("shot-noise", levels(perturb(images(photo[None]), severity, noise))[0], picture)


@pytest.mark.parametrize("size", [64, 224])
def test_frost_from_the_packages_pictures_is_the_packages(recorded, given_noise, size):
    if find_spec("imagecorruptions") is None:
        pytest.skip("the pictures are not at hand: the package imagecorruptions is not installed")
    photos, random = images(recorded("inputs")[f"x{size}"]), np.random.RandomState(0)
    perturb = perturbation("frost", (size, size), pictures="package")
    sizes = pictures_for(Modality("photo", "image", (3, size, size)), "package", 1.1).sizes
    index = random.randint(6)
    row, column = (random.randint(0, side - size) for side in sizes[index].tolist())
    rows, columns = (sizes[index] - size).tolist()
    draws = {"picture": (index + 0.5) / 6, "row": (row + 0.5) / rows, "column": (column + 0.5) / columns}
    noise = given_noise({label: np.array(draw) for label, draw in draws.items()})
    if size == 64:
        for severity, pictures in zip(SEVERITIES, recorded("seeded0_64")["frost"], strict=True):
            for photo, picture in zip(photos, pictures, strict=True):
                assert_same("frost", levels(perturb(photo[None], severity, noise))[0], picture)
    else:
        for severity, picture in zip((1, 3, 5), recorded("seeded0_224_chelsea_s135")["frost"], strict=True):
            assert_same("frost", levels(perturb(photos[1:], severity, noise))[0], picture)


def pattern(height: int, width: int) -> np.ndarray:
    y, x = np.mgrid[:height, :width]
    pixels = np.stack([(x * (5 + 2 * c) + y * (3 + c) + (x * y * (c + 1)) // 7) % 256 for c in range(3)], -1)
    pixels[8:20, 10:26] = pixels[8:20, 10:26] // 8 + [200, 20, 90]
    pixels[28:36, 5:40] = 17
    return np.clip(pixels, 0, 255).astype(np.uint8)


@pytest.mark.parametrize("name", [*DETERMINISTIC, *SEEDED])
def test_an_oblong_pattern_becomes_what_the_package_makes_of_it(golden, draws_of, name):
    case = golden("imagenet_c", name.replace("-", "_"))
    perturb = perturbation(name, (40, 56), **({"profile": "imagenet"} if name != "gaussian-noise" else {}))
    for severity, values, means in zip(SEVERITIES, case["values"], case["means"], strict=True):
        noise = draws_of(name, (40, 56), constants(name, severity)) if name in SEEDED else None
        result = levels(truncated(perturb(images(pattern(40, 56)[None]), severity, noise)))[0]
        assert np.abs(result[1::8, 2::9].flatten() - values).max() <= (name not in EXACT)
        np.testing.assert_allclose(result.mean((0, 1)), means, atol=1e-4 if name in EXACT else 0.15)


@pytest.mark.parametrize("c", [3, 60, 500])
def test_shot_noise_counts_have_the_distribution_of_poisson(c):
    poisson = pytest.importorskip("scipy.stats").poisson
    table = poisson_table(c)
    k = np.arange(table.shape[1])
    for row in (0, 1, 100, 255):
        np.testing.assert_allclose(table[row], poisson.cdf(k, c * row / 255), atol=1e-7)


@pytest.mark.parametrize("c", [0.1, 3, 12, 60, 500, 700])
def test_shot_noise_counts_are_the_inverse_of_the_distribution_function(c):
    """Beside every draw at which a count is reached, and in both tails."""
    table, grid = poisson_table(c), 2**24
    near = ((table - 2**-25) * grid).ceil()
    tails = torch.arange(200.0, dtype=torch.float64).expand(256, -1)
    draws = torch.cat([near - 1, near, near + 1, tails, grid - 1 - tails], 1).clamp(0, grid - 1) / grid
    rows = torch.arange(256.0)[:, None].expand(draws.shape)
    counts = poisson_counts(rows, c, draws.float())
    assert torch.equal(counts.long(), torch.searchsorted(table, draws + 2**-25, right=True))


@pytest.mark.parametrize(("profile", "table"), [("imagenet", IMAGENET), ("cifar", CIFAR)])
def test_defocus_blur_is_the_correlation_with_its_disk(profile, table):
    """Also where it is computed as a sum over the disk that is softened afterwards."""
    dot = torch.zeros(1, 3, 41, 41, dtype=torch.float64)
    dot[..., 20, 20] = 1
    perturb = perturbation("defocus-blur", (41, 41), profile=profile, quantise=False)
    for severity, numbers in enumerate(table["defocus-blur"], 1):
        quarter = torch.tensor(disk(*numbers), dtype=torch.float64)
        seen = perturb(dot, severity, None)[0, 0, 20:, 20:]
        torch.testing.assert_close(seen[: len(quarter), : len(quarter)], quarter, atol=1e-7, rtol=0)
        assert seen.count_nonzero() == quarter.count_nonzero()
