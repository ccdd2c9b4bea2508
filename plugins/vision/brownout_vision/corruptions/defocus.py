"""Defocus blur."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from math import isqrt

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from brownout_registry import Modality, Perturbation
from brownout_vision.corruptions.filters import correlated, gaussian_taps, padded, within
from brownout_vision.corruptions.frame import Quantise, corruption
from brownout_vision.corruptions.profiles import Profile


def defocus_blur(
    modality: Modality, levels: Sequence[float], *, profile: Profile = "auto", quantise: Quantise = "auto"
) -> Perturbation:
    """Defocus blur: correlation with a disk of radius r, softened by a Gaussian of σ = a (Hendrycks & Dietterich 2019).

    The kernel has 17×17 places (2r + 1 for r > 8); it is softened with 3×3 taps (5×5) that mirror at its own border,
    which lets the sets' kernels of severity 4 and 5 sum to 1.013 and 1.011: these brighten. (r, a) is (3, .1),
    (4, .5), (6, .5), (8, .5), (10, .5) (ImageNet-C) or (.3, .4), (.4, .5), (.5, .6), (1, .2), (1.5, .1) (CIFAR-C).

    Args:
        modality: an image-like modality, of any number of channels.
        levels: severities 1 to 5 of the profile.
        profile: ``imagenet``, ``cifar`` or ``auto`` (cifar where the shorter side is below 48).
        quantise: truncate to 256 levels; ``auto``: of images.

    Returns:
        ``perturb(inputs, severity, noise)`` on ``[B, C, H, W]``; nothing is random.

    Raises:
        UsageError: a level out of range, or a modality that is no image or below 8×8 pixels.

    Example:
        >>> perturb = defocus_blur(Modality("photo", "image", (1, 64, 64)), (1,), quantise=False)
        >>> dot = torch.zeros(1, 1, 64, 64)
        >>> dot[..., 32, 32] = 1
        >>> perturb(dot, 1, None).count_nonzero().item(), round(perturb(dot, 1, None).max().item() * 29, 3)
        (61, 1.0)
    """
    return corruption("defocus-blur", modality, levels, _defocus, profile=profile, quantise=quantise)


def _defocus(x: Tensor, constants: tuple[float, float]) -> Tensor:
    """Sum over the disk and soften the sum, or, where softening would leave the kernel, by the kernel itself."""
    radius, sigma = constants
    extent, soft = _extent(radius)
    if int(radius) + soft > extent:
        return _by_rows(x, disk(radius, sigma))
    reach = int(radius) + soft
    total, count = _over_disk(padded(padded(x, -1, reach, "reflect"), -2, reach, "reflect"), radius)
    for dim in (-2, -1):
        total = within(total, gaussian_taps(sigma, soft), dim)
    return total.div_(count)


def _over_disk(wide: Tensor, radius: float) -> tuple[Tensor, int]:
    """Sums over the disk around each place that is not near the border, and of how many: from its first row inwards."""
    reach, half, count = int(radius), 0, 0
    height, width = wide.shape[-2] - 2 * reach, wide.shape[-1] - 2 * reach
    window = wide.narrow(-1, reach, width)
    total = torch.zeros_like(window.narrow(-2, reach, height))
    for row in range(reach, -1, -1):
        for k in range(half + 1, isqrt(int(radius**2 - row**2)) + 1):
            window = (wide.narrow(-1, reach - k, width) + wide.narrow(-1, reach + k, width)).add_(window)
            half = k
        for offset in {reach - row, reach + row}:
            total += window.narrow(-2, offset, height)
            count += 2 * half + 1
    return total, count


def _by_rows(x: Tensor, kernel: list[list[float]]) -> Tensor:
    """Row by row of the kernel: a window sum for its constant middle, single taps for the rest."""
    radius, height, width = len(kernel) - 1, x.shape[-2], x.shape[-1]
    wide = padded(padded(x, -1, radius, "reflect"), -2, radius, "reflect")
    windows = [wide.narrow(-1, radius, width)]
    pairs = [windows[0]]
    for k in range(1, radius + 1):
        pairs.append(wide.narrow(-1, radius - k, width) + wide.narrow(-1, radius + k, width))
        windows.append(windows[-1] + pairs[-1])
    total = torch.zeros_like(x)
    for row, taps in enumerate(kernel):
        filtered = _row(windows, pairs, taps)
        for offset in {radius - row, radius + row}:
            total += filtered.narrow(-2, offset, height)
    return total


def _row(windows: list[Tensor], pairs: list[Tensor], taps: list[float]) -> Tensor:
    same = 0
    while same + 1 < len(taps) and abs(taps[same + 1] - taps[0]) <= 1e-7 * taps[0]:
        same += 1
    total = windows[same] * taps[0]
    for pair, tap in zip(pairs[same + 1 :], taps[same + 1 :], strict=True):
        if tap:
            total += pair * tap
    return total


@lru_cache(maxsize=16)
def disk(radius: float, sigma: float) -> list[list[float]]:
    """The lower right quarter of the symmetric kernel, centre first, in float32, up to its last tap."""
    extent, taps = _extent(radius)
    i = np.arange(-extent, extent + 1)
    flat = (i[:, None] ** 2 + i**2 <= radius**2).astype(np.float64)
    kernel = _softened(flat / flat.sum(), gaussian_taps(sigma, taps))
    quarter = kernel[extent:, extent:].astype(np.float32)
    used = np.count_nonzero(quarter.any(0))
    return [[float(tap) for tap in row] for row in quarter[:used, :used]]


def _extent(radius: float) -> tuple[int, int]:
    """How far the kernel reaches from its centre, and how far what softens it."""
    return (8, 1) if radius <= 8 else (int(radius), 2)


def _softened(kernel: NDArray, taps: list[float]) -> NDArray:
    soft = torch.from_numpy(kernel)
    for dim in (0, 1):
        soft = correlated(soft, taps, dim, "reflect")
    return np.asarray(soft)
