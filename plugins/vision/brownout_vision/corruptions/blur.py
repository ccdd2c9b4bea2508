"""Gaussian and zoom blur."""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor

from brownout_registry import Modality, Perturbation
from brownout_vision.corruptions.filters import gaussian, zoomed
from brownout_vision.corruptions.frame import Quantise, corruption
from brownout_vision.corruptions.profiles import ParameterProfile, Profile


def gaussian_blur(
    modality: Modality, levels: Sequence[float], *, profile: ParameterProfile = "auto", quantise: Quantise = "auto"
) -> Perturbation:
    """Gaussian blur with standard deviation σ in pixels, cut off at 4 σ, border repeated (Hendrycks & Dietterich 2019).

    σ is 1, 2, 3, 4, 6 (ImageNet-C) or .4, .6, .7, .8, 1 (CIFAR-C).

    Args:
        modality: an image-like modality, of any number of channels.
        levels: severities 1 to 5 of the profile; σ itself under ``given``.
        profile: ``imagenet``, ``cifar``, ``auto`` (cifar where the shorter side is below 48) or ``given``.
        quantise: truncate to 256 levels; ``auto``: of images.

    Returns:
        ``perturb(inputs, severity, noise)`` on ``[B, C, H, W]``; nothing is random.

    Raises:
        UsageError: a level out of range, or a modality that is no image or below 8×8 pixels.

    Example:
        >>> perturb = gaussian_blur(Modality("photo", "image", (1, 8, 8)), (1,), profile="imagenet", quantise=False)
        >>> import torch
        >>> dot = torch.zeros(1, 1, 8, 8)
        >>> dot[..., 3, 4] = 1
        >>> perturb(dot, 1, None)[0, 0, 3, 3:6]
        tensor([0.0965, 0.1592, 0.0965])
    """
    return corruption("gaussian-blur", modality, levels, gaussian, profile=profile, quantise=quantise)


def zoom_blur(
    modality: Modality, levels: Sequence[float], *, profile: Profile = "auto", quantise: Quantise = "auto"
) -> Perturbation:
    """Zoom blur: the mean of the image and of its centre enlarged by 1, 1 + d, 1 + 2d, ...

    Hendrycks & Dietterich 2019. There are 12, 16, 11, 13, 11 factors with d = .01, .01, .02, .02, .03 (ImageNet-C), or
    7, 12, 16, 21, 26 with d = .01 (CIFAR-C); an enlarged image keeps its top left part, as in the package, also for
    CIFAR-C, whose script keeps the centre.

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
        >>> perturb = zoom_blur(Modality("photo", "image", (1, 64, 64)), (1, 5), quantise=False)
        >>> import torch
        >>> ramp = torch.linspace(0, 1, 64).expand(1, 1, 64, 64)
        >>> [(perturb(ramp, severity, None) - ramp).abs().max() > 0.02 for severity in (1, 2)]
        [tensor(True), tensor(True)]
    """
    return corruption("zoom-blur", modality, levels, _zoom_blur, profile=profile, quantise=quantise)


def _zoom_blur(x: Tensor, constants: tuple[int, float]) -> Tensor:
    count, step = constants
    total = x + x
    for number in range(1, count):
        total += zoomed(x, 1 + number * ((1 + step) - 1), trim=True)
    return total.div_(count + 1)
