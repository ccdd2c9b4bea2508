"""Brightness, saturation and contrast."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from brownout_registry import Modality, Perturbation
from brownout_vision.corruptions.filters import mean
from brownout_vision.corruptions.frame import Quantise, corruption
from brownout_vision.corruptions.profiles import ParameterProfile, Profile


def brightness(
    modality: Modality, levels: Sequence[float], *, profile: ParameterProfile = "auto", quantise: Quantise = "auto"
) -> Perturbation:
    """Brightness: V of HSV becomes ``clip(V + b, 0, 1)``, hue and saturation stay (Hendrycks & Dietterich 2019).

    With V the largest channel that is ``x V' / V``, and V' where all channels are 0; so it is defined for any number
    of channels, and for one it is ``x + b``. b is .1, .2, .3, .4, .5 (ImageNet-C) or .05, .1, .15, .2, .3 (CIFAR-C).

    Args:
        modality: an image-like modality, of any number of channels.
        levels: severities 1 to 5 of the profile; b itself under ``given`` (negative: darker).
        profile: ``imagenet``, ``cifar``, ``auto`` (cifar where the shorter side is below 48) or ``given``.
        quantise: truncate to 256 levels; ``auto``: of images.

    Returns:
        ``perturb(inputs, severity, noise)`` on ``[B, C, H, W]``; nothing is random.

    Raises:
        UsageError: a level out of range, or a modality that is no image or below 8×8 pixels.

    Example:
        >>> perturb = brightness(Modality("photo", "image", (3, 64, 64)), (3,), quantise=False)
        >>> orange = torch.tensor([0.6, 0.3, 0.0])[:, None, None].expand(1, 3, 64, 64)
        >>> perturb(orange, 1, None)[0, :, 0, 0]
        tensor([0.9000, 0.4500, 0.0000])
    """
    return corruption("brightness", modality, levels, _brightness, profile=profile, quantise=quantise)


def saturate(
    modality: Modality, levels: Sequence[float], *, profile: Profile = "auto", quantise: Quantise = "auto"
) -> Perturbation:
    """Saturation: S of HSV becomes ``clip(S m + b, 0, 1)``, hue and value stay (Hendrycks & Dietterich 2019).

    Grey has hue 0, so that it turns red where b > 0. (m, b) is (.3, 0), (.1, 0), (2, 0), (5, .1), (20, .2) (ImageNet-C)
    or (.3, 0), (.1, 0), (1.5, 0), (2, .1), (2.5, .2) (CIFAR-C): the first two take colour away, the others add it,
    so the distance to the clean image does not grow from severity 2 to 3.

    Args:
        modality: an image of 3 channels (red, green, blue).
        levels: severities 1 to 5 of the profile.
        profile: ``imagenet``, ``cifar`` or ``auto`` (cifar where the shorter side is below 48).
        quantise: truncate to 256 levels; ``auto``: of images.

    Returns:
        ``perturb(inputs, severity, noise)`` on ``[B, 3, H, W]``; nothing is random.

    Raises:
        UsageError: a level out of range, or a modality that is no image of 3 channels or below 8×8 pixels.

    Example:
        >>> perturb = saturate(Modality("photo", "image", (3, 64, 64)), (1,), quantise=False)
        >>> orange = torch.tensor([0.6, 0.3, 0.0])[:, None, None].expand(1, 3, 64, 64)
        >>> perturb(orange, 1, None)[0, :, 0, 0]
        tensor([0.6000, 0.5100, 0.4200])
    """
    return corruption("saturate", modality, levels, _saturate, profile=profile, quantise=quantise, channels=(3,))


def contrast(
    modality: Modality, levels: Sequence[float], *, profile: ParameterProfile = "auto", quantise: Quantise = "auto"
) -> Perturbation:
    """Contrast: ``(x - μ) c + μ`` with μ the mean of each image and channel (Hendrycks & Dietterich 2019).

    c is .4, .3, .2, .1, .05 (ImageNet-C) or .75, .5, .4, .3, .15 (CIFAR-C).

    Args:
        modality: an image-like modality, of any number of channels.
        levels: severities 1 to 5 of the profile; c itself under ``given``.
        profile: ``imagenet``, ``cifar``, ``auto`` (cifar where the shorter side is below 48) or ``given``.
        quantise: truncate to 256 levels; ``auto``: of images.

    Returns:
        ``perturb(inputs, severity, noise)`` on ``[B, C, H, W]``; nothing is random.

    Raises:
        UsageError: a level out of range, or a modality that is no image or below 8×8 pixels.

    Example:
        >>> perturb = contrast(Modality("photo", "image", (1, 8, 8)), (0.5,), profile="given", quantise=False)
        >>> halves = torch.zeros(1, 1, 8, 8)
        >>> halves[..., 4:] = 1
        >>> perturb(halves, 1, None).unique()
        tensor([0.2500, 0.7500])
    """
    return corruption("contrast", modality, levels, _contrast, profile=profile, quantise=quantise)


def _brightness(x: Tensor, b: float) -> Tensor:
    value = x.amax(1, keepdim=True)
    brighter = (value + b).clamp(0, 1)
    return torch.where(value > 0, x * (brighter / torch.where(value > 0, value, 1)), brighter)


def _saturate(x: Tensor, constants: tuple[float, float]) -> Tensor:
    m, b = constants
    value = x.amax(1, keepdim=True)
    extent = value - x.amin(1, keepdim=True)
    grey = extent == 0
    saturation = (extent / torch.where(value > 0, value, 1) * m + b).clamp(0, 1)
    red = torch.tensor([0.0, 1.0, 1.0]).to(x)[:, None, None]
    away = torch.where(grey, red, (value - x) / torch.where(grey, 1, extent))
    return value - value * saturation * away


def _contrast(x: Tensor, c: float) -> Tensor:
    centre = mean(x)
    return (x - centre) * c + centre
