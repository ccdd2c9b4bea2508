"""Fog."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from brownout_registry import Modality, Noise, Perturbation
from brownout_vision.corruptions.frame import Quantise, corruption
from brownout_vision.corruptions.profiles import Profile


def fog(
    modality: Modality, levels: Sequence[float], *, profile: Profile = "auto", quantise: Quantise = "auto"
) -> Perturbation:
    """Fog: ``(x + c P) M / (M + c)`` with a plasma fractal P and M the image's largest value.

    Hendrycks & Dietterich 2019. P comes from the diamond-square algorithm on a torus of the next power of two, whose
    displacements at each level are w U(-w, w) with w = 100 divided by the decay per level; it is brought to [0, 1], and
    its top left part is seen in all channels. (c, decay) is (1.5, 2), (2, 2), (2.5, 1.7), (2.5, 1.5), (3, 1.4)
    (ImageNet-C) or (.2, 3), (.5, 3), (.75, 2.5), (1, 2), (1.5, 1.75) (CIFAR-C). A black image stays black.

    Args:
        modality: an image, of any number of channels.
        levels: severities 1 to 5 of the profile.
        profile: ``imagenet``, ``cifar`` or ``auto`` (cifar where the shorter side is below 48).
        quantise: truncate to 256 levels; ``auto``: of images.

    Returns:
        ``perturb(inputs, severity, noise)`` on ``[B, C, H, W]``.

    Raises:
        UsageError: a level out of range, or a modality that is no image or below 8×8 pixels.

    Example:
        >>> class High:
        ...     def uniform(self, label, shape=()):
        ...         return (torch.arange(*shape) == 0)[None] * 0.9
        >>> perturb = fog(Modality("photo", "image", (1, 64, 64)), (1,), quantise=False)
        >>> white = torch.ones(1, 1, 64, 64)
        >>> perturb(white, 1, High())[0, 0, 32, 32], perturb(white, 1, High())[0, 0, 0, 0] < 1
        (tensor(1.), tensor(True))
    """
    return corruption("fog", modality, levels, _fog, _draw, profile=profile, quantise=quantise)


def _draw(noise: Noise, shape: tuple[int, ...], _: tuple[float, float]) -> tuple[Tensor]:
    side = 1 << (max(shape[1:]) - 1).bit_length()
    return (noise.uniform("plasma", (side * side - 1,)),)


def _fog(x: Tensor, constants: tuple[float, float], draws: Tensor) -> Tensor:
    c, decay = constants
    brightest = x.amax((1, 2, 3), keepdim=True)
    haze = plasma(draws, decay)[:, None, : x.shape[-2], : x.shape[-1]]
    return (x + haze * c).mul_(brightest).div_(brightest + c)


def plasma(draws: Tensor, decay: float) -> Tensor:
    """The fractal ``[B, N, N]`` in [0, 1] from ``[B, N² - 1]`` uniform draws.

    A level of n×n cells takes n² for the centres, n² for the horizontal edges and n² for the vertical ones.
    """
    field, w = draws.new_zeros(len(draws), 1, 1), 100.0
    while (n := field.shape[-1]) ** 2 <= draws.shape[1]:
        moves = (draws[:, n * n - 1 : 4 * n * n - 1] * 2).sub_(1).mul_(w * w).unflatten(1, (3, n, n))
        field, w = _finer(field, moves), w / decay
    field = field - field.amin((1, 2), keepdim=True)
    return field.div_(field.amax((1, 2), keepdim=True).clamp_(min=torch.finfo(field.dtype).tiny))


def _finer(corners: Tensor, moves: Tensor) -> Tensor:
    """The next level, ``[B, 2n, 2n]``; everything wraps round."""
    right, below = corners.roll(-1, 2), corners.roll(-1, 1)
    centres = (corners + right).add_(below).add_(right.roll(-1, 1)).div_(4).add_(moves[:, 0])
    horizontal = (corners + right).add_(centres).add_(centres.roll(1, 1)).div_(4).add_(moves[:, 1])
    vertical = (corners + below).add_(centres).add_(centres.roll(1, 2)).div_(4).add_(moves[:, 2])
    rows = torch.stack([corners, horizontal], -1).flatten(-2), torch.stack([vertical, centres], -1).flatten(-2)
    return torch.stack(rows, 2).flatten(1, 2)
