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

HALF = 24 * 32
BUCKETS = 2 * HALF + 1


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
    return poisson_counts((x * 255).round_(), c, u).div_(c)


def poisson_counts(row: Tensor, c: float, u: Tensor) -> Tensor:
    """Counts of the rates c v / 255 by the inverse distribution function, for v (0 to 255) and draws of one shape.

    Draws are multiples of 2⁻²⁴ and stand for the middle of the next 2⁻²⁴.

    Example:
        >>> poisson_counts(torch.tensor([0.0, 255.0, 255.0]), 3, torch.tensor([0.9, 0.5, 0.9]))
        tensor([0., 3., 5.])
    """
    reached, edge = _guide(c, row.device)
    place = row.int().clamp_(0, 255).mul_(BUCKETS).add_(_bucket(u.float())).flatten()
    short = edge.index_select(0, place).gt_(u.flatten())
    return reached.index_select(0, place).sub_(short).view_as(row).to(row)


def _impulse(x: Tensor, p: float, u: Tensor, salt: Tensor) -> Tensor:
    hit = _below(u, p)
    return x * (1 - hit) + _below(salt, 0.5).mul_(hit)


def _below(u: Tensor, most: float) -> Tensor:
    """1 where u is below, else 0: several times faster than a bool made a number."""
    return torch.lt(u, most, out=torch.empty_like(u))


def _speckle(x: Tensor, s: float, e: Tensor) -> Tensor:
    return x + x * (e * s)


@lru_cache(maxsize=16)
def poisson_table(c: float) -> Tensor:
    """Row v: P(K <= k) for K ~ Poisson(c v / 255), k = 0, 1, ...; float64."""
    size = ceil(c + 7 * sqrt(c) + 10)
    k = torch.arange(size, dtype=torch.float64)
    rate = torch.arange(256, dtype=torch.float64)[:, None] * (c / 255)
    factorial = torch.tensor([lgamma(each + 1) for each in range(size)], dtype=torch.float64)
    mass = torch.exp(torch.xlogy(k, rate) - rate - factorial)
    below = mass.cumsum(1).clamp(max=1)
    below[:, -1] = 1
    return below


@lru_cache(maxsize=16)
@torch.inference_mode(False)
def _guide(c: float, device: torch.device) -> tuple[Tensor, Tensor]:
    """For each row and bucket the count at its end, and the draw in it from which on that count is reached.

    Below that draw the count is 1 less: up to c = 700 there is at most one such draw in a bucket.
    """
    edges = ((poisson_table(c) - 2**-25) * 2**24).ceil().div(2**24).float()
    bucket = _bucket(edges).long()
    reached = torch.zeros(256, BUCKETS).scatter_add_(1, bucket, torch.ones_like(edges)).cumsum(1)
    edge = torch.full((256, BUCKETS), -1.0).scatter_(1, bucket, edges)
    return reached.flatten().to(device), edge.flatten().to(device)


def _bucket(u: Tensor) -> Tensor:
    """The bucket of a float32 draw, int32: at least 32 of them to a halving of u or of 1 - u, and one for 0."""
    return _leading(u).sub_(_leading(1 - u)).add_(HALF).clamp_(0, BUCKETS - 1)


def _leading(u: Tensor) -> Tensor:
    """The exponent and the first 5 binary digits."""
    return u.view(torch.int32) >> 18
