"""Glass blur: pixels exchanged with near ones, between two Gaussian blurs."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import torch
from torch import Tensor

from brownout_registry import Modality, Noise, Perturbation
from brownout_vision.corruptions.filters import gaussian, taken
from brownout_vision.corruptions.frame import Quantise, corruption, in_eight_bits, truncated
from brownout_vision.corruptions.profiles import Profile

Constants = tuple[float, int, int]


def glass_blur(
    modality: Modality, levels: Sequence[float], *, profile: Profile = "auto", quantise: Quantise = "auto"
) -> Perturbation:
    """Glass blur: Gaussian blur, n passes that move pixels by up to d places, Gaussian blur again.

    Hendrycks & Dietterich 2019 as their code computes it: a pass visits the pixels at least d + 1 (d at the far side)
    from the border, from the last one back to the first, and each takes the present value of the pixel at an offset
    uniform on -d, ..., d - 1 in both directions (their exchange of two views of one array is a copy, checked). A pixel
    whose source was visited before it so gets that one's new value: chains that pointer doubling resolves exactly.
    (σ, d, n) is (.7, 1, 2), (.9, 2, 1), (1, 2, 3), (1.1, 3, 2), (1.5, 4, 2) (ImageNet-C) or (.05, 1, 1), (.25, 1, 1),
    (.4, 1, 1), (.25, 1, 2), (.4, 1, 2) (CIFAR-C): the distance to the clean image does not grow at every severity.

    Args:
        modality: an image-like modality, of any number of channels.
        levels: severities 1 to 5 of the profile.
        profile: ``imagenet``, ``cifar`` or ``auto`` (cifar where the shorter side is below 48).
        quantise: truncate the result, and what is moved, to 256 levels; ``auto``: of images.

    Returns:
        ``perturb(inputs, severity, noise)`` on ``[B, C, H, W]``.

    Raises:
        UsageError: a level out of range, or a modality that is no image or below 8×8 pixels.

    Example:
        >>> class Highest:
        ...     def uniform(self, label, shape=()):
        ...         return torch.full((1, *shape), 0.9)
        >>> perturb = glass_blur(Modality("photo", "image", (1, 8, 8)), (1,), quantise=False)
        >>> dot = torch.eye(8)[None, None]
        >>> torch.equal(perturb(dot, 1, Highest()), dot)
        True
    """
    apply = partial(_glass, truncates=in_eight_bits(modality, quantise))
    return corruption("glass-blur", modality, levels, apply, _offsets, profile=profile, quantise=quantise)


def _offsets(noise: Noise, shape: tuple[int, ...], constants: Constants) -> tuple[Tensor, ...]:
    """For each pass the draws of the columns and of the rows, ``[B, 2, H, W]``."""
    return tuple(noise.uniform(f"pass {number}", (2, *shape[1:])) for number in range(constants[2]))


def _glass(x: Tensor, constants: Constants, *draws: Tensor, truncates: bool) -> Tensor:
    sigma, d, _ = constants
    blurred = gaussian(x, sigma)
    blurred = truncated(blurred) if truncates else blurred
    source = torch.arange(x.shape[-2] * x.shape[-1], device=x.device).expand(len(x), -1)
    for draw in draws:
        source = source.gather(1, one_pass(draw, d))
    return gaussian(taken(blurred, source.unflatten(1, x.shape[-2:])), sigma)


def one_pass(draw: Tensor, d: int) -> Tensor:
    """Where each pixel's value comes from after one pass: raster positions ``[B, HW]``."""
    height, width = draw.shape[-2:]
    row, column = torch.arange(height, device=draw.device)[:, None], torch.arange(width, device=draw.device)
    visited = (row > d) & (row <= height - d) & (column > d) & (column <= width - d)
    dx, dy = (draw * (2 * d)).floor_().clamp_(max=2 * d - 1).sub_(d).unbind(1)
    here = (row * width + column).flatten()
    move = (dy.mul_(width).add_(dx).mul_(visited)).long().flatten(1)
    source = here + move
    follows = visited.flatten().index_select(0, source.flatten()).view_as(source) & (move > 0)
    last = here + move * follows
    while not torch.equal(further := last.gather(1, last), last):
        last = further
    return source.gather(1, last)
