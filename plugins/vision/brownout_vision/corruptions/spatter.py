"""Spatter: drops of water, or mud."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from brownout_registry import Modality, Noise, Perturbation
from brownout_vision.corruptions.edges import canny, distance
from brownout_vision.corruptions.filters import gaussian, padded
from brownout_vision.corruptions.frame import Quantise, corruption
from brownout_vision.corruptions.profiles import Profile

Constants = tuple[float, float, float, float, float, str]
WATER, MUD = (175, 238, 238), (63, 42, 20)
FARTHEST = 20


def spatter(
    modality: Modality, levels: Sequence[float], *, profile: Profile = "auto", quantise: Quantise = "auto"
) -> Perturbation:
    """Spatter: drops of water at severities 1 to 3, mud at 4 and 5 (Hendrycks & Dietterich 2019).

    A field N(μ, s²) is smoothed with σ and set to 0 below t. Water is brighter near the drops' Canny edges and is added
    in the colour (175, 238, 238) times k; mud is a mask smoothed with k that covers in the colour (63, 42, 20). The
    constants stand in `brownout_vision.corruptions.constants`. Where the field leaves no drop the image stays as it is
    (the package divides by 0 there and gives black). On one channel the colours are their luminance.

    Args:
        modality: an image of 1 or 3 channels.
        levels: severities 1 to 5 of the profile.
        profile: ``imagenet``, ``cifar`` or ``auto`` (cifar where the shorter side is below 48).
        quantise: truncate to 256 levels; ``auto``: of images.

    Returns:
        ``perturb(inputs, severity, noise)`` on ``[B, C, H, W]``.

    Raises:
        UsageError: a level out of range, or a modality that is no image of 1 or 3 channels or below 8×8 pixels.

    Example:
        >>> class Wet:
        ...     def normal(self, label, shape=()):
        ...         return torch.ones(1, *shape)
        >>> perturb = spatter(Modality("photo", "image", (3, 64, 64)), (5,))
        >>> (perturb(torch.ones(1, 3, 64, 64), 1, Wet()) * 255).flatten(2).unique(dim=2).flatten()
        tensor([63., 42., 20.])
    """
    return corruption("spatter", modality, levels, _spatter, _draw, profile=profile, quantise=quantise, channels=(1, 3))


def _draw(noise: Noise, shape: tuple[int, ...], _: Constants) -> tuple[Tensor]:
    return (noise.normal("liquid", shape[1:]),)


def _spatter(x: Tensor, constants: Constants, draw: Tensor) -> Tensor:
    mu, s, sigma, t, k, kind = constants
    liquid = gaussian(draw[:, None] * s + mu, sigma)
    liquid = torch.where(liquid < t, 0, liquid)
    if kind == "water":
        return x + _water((liquid * 255).floor().clamp(0, 255)) * k * _colour(WATER, x)
    mask = gaussian((liquid > t).to(x), k)
    mask = torch.where(mask < 0.8, 0, mask)
    return x * (1 - mask) + mask * _colour(MUD, x)


def _colour(colour: tuple[int, int, int], x: Tensor) -> Tensor:
    red, green, blue = colour
    channels = colour if x.shape[1] == 3 else (0.299 * red + 0.587 * green + 0.114 * blue,)
    return torch.tensor(channels).to(x)[:, None, None] / 255


def _water(liquid: Tensor) -> Tensor:
    """How bright the drops ``[B, 1, H, W]`` (0 to 255) are, 0 to 1."""
    near = distance(canny(liquid), FARTHEST)
    near = _equalised((_around(near, ((1, 1, 1),) * 3) / 9 + 1e-4).floor())
    near = _around(near, ((-2, -1, 0), (-1, 1, 1), (0, 1, 2))).clamp(0, 255)
    bright = liquid * (_around(near, ((1, 1, 1),) * 3) / 9).round()
    most = bright.amax((1, 2, 3), keepdim=True)
    return bright / torch.where(most > 0, most, 1)


def _around(x: Tensor, kernel: Sequence[Sequence[int]]) -> Tensor:
    """Correlation with a 3×3 kernel of whole numbers, mirrored at the border."""
    height, width = x.shape[-2:]
    wide = padded(padded(x, -1, 1, "reflect"), -2, 1, "reflect")
    total = torch.zeros_like(x)
    for row, taps in enumerate(kernel):
        for column, tap in enumerate(taps):
            if tap:
                total += wide[..., row : row + height, column : column + width] * tap
    return total


def _equalised(levels: Tensor) -> Tensor:
    """Histogram equalisation of whole numbers from 0 to `FARTHEST` to 0 ... 255; a constant stays."""
    counts = torch.stack([(levels == level).sum((1, 2, 3)) for level in range(FARTHEST + 1)], 1)
    below = counts.cumsum(1)
    least = counts.gather(1, (counts > 0).int().argmax(1, keepdim=True))
    total = below[:, -1:]
    scale = 255 / (total - least).clamp(min=1).to(levels)
    table = ((below - least).clamp(min=0) * scale).round()
    equal = table.gather(1, levels.flatten(1).long()).reshape(levels.shape)
    return torch.where((least == total)[..., None, None], levels, equal)
