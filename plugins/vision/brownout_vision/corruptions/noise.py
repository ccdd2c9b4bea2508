"""Shot, impulse and speckle noise."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from math import ceil, lgamma, sqrt
from typing import Any

import torch
from torch import Tensor

from brownout_registry import Modality, Noise, Perturbation
from brownout_vision.corruptions.frame import Quantise, corruption
from brownout_vision.corruptions.profiles import ParameterProfile


def shot_noise(
    modality: Modality, levels: Sequence[float], *, profile: ParameterProfile = "auto", quantise: Quantise = "auto"
) -> Perturbation:
    """Shot noise: ``Poisson(c x) / c`` for each pixel and channel (Hendrycks & Dietterich 2019).

    c is 60, 25, 12, 5, 3 (ImageNet-C) or 500, 250, 100, 75, 50 (CIFAR-C). Counts come from one uniform draw each by
    the inverse distribution function, so a draw above the median is so at every severity. Rates are those of the
    nearest of 256 levels, which are all that the sets' 8-bit pictures have.

    Args:
        modality: an image-like modality, of any number of channels.
        levels: severities 1 to 5 of the profile; c itself under ``given`` (0.1 to 700).
        profile: ``imagenet``, ``cifar``, ``auto`` (cifar where the shorter side is below 48) or ``given``.
        quantise: truncate to 256 levels; ``auto``: of images.

    Returns:
        ``perturb(inputs, severity, noise)`` on ``[B, C, H, W]``.

    Raises:
        UsageError: a level out of range, or a modality that is no image or below 8×8 pixels.

    Example:
        >>> class Half:
        ...     def uniform(self, label, shape=()):
        ...         return torch.full((1, *shape), 0.9)
        >>> perturb = shot_noise(Modality("photo", "image", (1, 8, 8)), (1, 5), profile="imagenet", quantise=False)
        >>> white = torch.full((1, 1, 8, 8), 0.5)
        >>> round(perturb(white, 1, Half()).max().item() * 60), round(perturb(white, 2, Half()).max().item() * 3)
        (37, 3)
    """
    return corruption("shot-noise", modality, levels, _shot, _uniform, profile=profile, quantise=quantise)


def impulse_noise(
    modality: Modality, levels: Sequence[float], *, profile: ParameterProfile = "auto", quantise: Quantise = "auto"
) -> Perturbation:
    """Impulse noise: each value becomes 1 or 0, with equal chances, with probability p (Hendrycks & Dietterich 2019).

    p is .03, .06, .09, .17, .27 (ImageNet-C) or .01, .02, .03, .05, .07 (CIFAR-C). Channels are hit independently, and
    what is hit stays hit at the next severity.

    Args:
        modality: an image-like modality, of any number of channels.
        levels: severities 1 to 5 of the profile; p itself under ``given``.
        profile: ``imagenet``, ``cifar``, ``auto`` (cifar where the shorter side is below 48) or ``given``.
        quantise: truncate to 256 levels; ``auto``: of images.

    Returns:
        ``perturb(inputs, severity, noise)`` on ``[B, C, H, W]``.

    Raises:
        UsageError: a level out of range, or a modality that is no image or below 8×8 pixels.

    Example:
        >>> class Low:
        ...     def uniform(self, label, shape=()):
        ...         return torch.full((1, *shape), 0.05)
        >>> perturb = impulse_noise(Modality("photo", "image", (1, 8, 8)), (1, 2), profile="imagenet", quantise=False)
        >>> grey = torch.full((1, 1, 8, 8), 0.5)
        >>> perturb(grey, 1, Low()).max().item(), perturb(grey, 2, Low()).min().item()
        (0.5, 1.0)
    """
    return corruption("impulse-noise", modality, levels, _impulse, _two_uniforms, profile=profile, quantise=quantise)


def speckle_noise(
    modality: Modality, levels: Sequence[float], *, profile: ParameterProfile = "auto", quantise: Quantise = "auto"
) -> Perturbation:
    """Speckle noise: ``x + x s e`` with e ~ N(0, 1) (Hendrycks & Dietterich 2019).

    s is .15, .2, .35, .45, .6 (ImageNet-C) or .06, .1, .12, .16, .2 (CIFAR-C).

    Args:
        modality: an image-like modality, of any number of channels.
        levels: severities 1 to 5 of the profile; s itself under ``given``.
        profile: ``imagenet``, ``cifar``, ``auto`` (cifar where the shorter side is below 48) or ``given``.
        quantise: truncate to 256 levels; ``auto``: of images.

    Returns:
        ``perturb(inputs, severity, noise)`` on ``[B, C, H, W]``.

    Raises:
        UsageError: a level out of range, or a modality that is no image or below 8×8 pixels.

    Example:
        >>> class Ones:
        ...     def normal(self, label, shape=()):
        ...         return torch.ones(1, *shape)
        >>> perturb = speckle_noise(Modality("photo", "image", (1, 8, 8)), (0.2,), profile="given", quantise=False)
        >>> perturb(torch.full((1, 1, 8, 8), 0.5), 1, Ones()).unique()
        tensor([0.6000])
    """
    return corruption("speckle-noise", modality, levels, _speckle, _normal, profile=profile, quantise=quantise)


def _uniform(noise: Noise, shape: tuple[int, ...], _: Any) -> tuple[Tensor]:
    return (noise.uniform("counts", shape),)


def _two_uniforms(noise: Noise, shape: tuple[int, ...], _: Any) -> tuple[Tensor, Tensor]:
    return noise.uniform("hit", shape), noise.uniform("salt", shape)


def _normal(noise: Noise, shape: tuple[int, ...], _: Any) -> tuple[Tensor]:
    return (noise.normal("speckle", shape),)


def _shot(x: Tensor, c: float, u: Tensor) -> Tensor:
    table = poisson_table(c).to(x.device)
    row = (x * 255).round().clamp(0, 255)
    counts = torch.searchsorted(table.flatten(), row.double() + (u.double() + 2**-25), right=True)
    return (counts.to(x) - row * table.shape[1]) / c


def _impulse(x: Tensor, p: float, u: Tensor, salt: Tensor) -> Tensor:
    return torch.where(u < p, (salt < 0.5).to(x), x)


def _speckle(x: Tensor, s: float, e: Tensor) -> Tensor:
    return x + x * (e * s)


@lru_cache(maxsize=16)
def poisson_table(c: float) -> Tensor:
    """Row v: v + P(K <= k) for K ~ Poisson(c v / 255), k = 0, 1, ...; float64, increasing throughout."""
    size = ceil(c + 7 * sqrt(c) + 10)
    k = torch.arange(size, dtype=torch.float64)
    rate = torch.arange(256, dtype=torch.float64)[:, None] * (c / 255)
    factorial = torch.tensor([lgamma(each + 1) for each in range(size)], dtype=torch.float64)
    mass = torch.exp(torch.xlogy(k, rate) - rate - factorial)
    below = mass.cumsum(1).clamp(max=1)
    below[:, -1] = 1
    return torch.arange(256, dtype=torch.float64)[:, None] + below
