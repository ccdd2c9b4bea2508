"""Elastic transform."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from brownout_registry import Modality, Noise, Perturbation
from brownout_vision.corruptions.filters import gaussian, sampled
from brownout_vision.corruptions.frame import Quantise, corruption
from brownout_vision.corruptions.profiles import Profile

Constants = tuple[float, float, float, float, str]


def elastic_transform(
    modality: Modality, levels: Sequence[float], *, profile: Profile = "auto", quantise: Quantise = "auto"
) -> Perturbation:
    """Elastic transform: pixels displaced by smooth random fields (Hendrycks & Dietterich 2019).

    The fields are U(-m, m) for each pixel, smoothed by a Gaussian of σ cut off at 3 σ, times α; samples are bilinear
    and borders mirror. ImageNet-C, as the package computes it: m = .005 H, σ = .01 H and .01 W, α = 12.5, 16.25, 21.25,
    25, 30. CIFAR-C: first a random affine map (the points at centre ± a third of the shorter side move by
    U(-a, a)), then m = 1 and (α, σ, a) = (0, 0, .08), (.05, .2, .07), (.08, .06, .06), (.1, .04, .05),
    (.1, .03, .03) times the shorter side: as a falls, the distance to the clean image need not grow.

    Args:
        modality: an image-like modality, of any number of channels.
        levels: severities 1 to 5 of the profile.
        profile: ``imagenet``, ``cifar`` or ``auto`` (cifar where the shorter side is below 48).
        quantise: truncate to 256 levels; ``auto``: of images.

    Returns:
        ``perturb(inputs, severity, noise)`` on ``[B, C, H, W]``.

    Raises:
        UsageError: a level out of range, or a modality that is no image or below 8×8 pixels.

    Example:
        >>> class Middle:
        ...     def uniform(self, label, shape=()):
        ...         return torch.full((1, *shape), 0.5)
        >>> perturb = elastic_transform(Modality("photo", "image", (1, 64, 64)), (1,), quantise=False)
        >>> image = torch.rand(1, 1, 64, 64)
        >>> torch.equal(perturb(image, 1, Middle()), image)
        True
    """
    return corruption("elastic-transform", modality, levels, _elastic, _draw, profile=profile, quantise=quantise)


def _draw(noise: Noise, shape: tuple[int, ...], constants: Constants) -> tuple[Tensor, ...]:
    fields = noise.uniform("dx", shape[1:]), noise.uniform("dy", shape[1:])
    return (*fields, noise.uniform("affine", (3, 2))) if constants[3] else fields


def _elastic(x: Tensor, constants: Constants, dx: Tensor, dy: Tensor, corners: Tensor | None = None) -> Tensor:
    most, alpha, spread, affine, unit = constants
    height, width = x.shape[-2:]
    side = min(height, width)
    if unit == "share":
        most, sigma = most * height, (spread * height, spread * width)
    else:
        alpha, sigma = alpha * side, (spread * side, spread * side)
    if corners is not None:
        x = _mapped(x, (corners * 2 - 1) * (affine * side))
    if not alpha:
        return x
    down, right = (gaussian((each * 2 - 1) * most, sigma, 3, "symmetric") * alpha for each in (dy, dx))
    rows, columns = _grid(x)
    return sampled(x, rows + down, columns + right, "symmetric")


def _grid(x: Tensor) -> tuple[Tensor, Tensor]:
    height, width = x.shape[-2:]
    return torch.arange(height).to(x)[:, None].expand(height, width), torch.arange(width).to(x).expand(height, width)


def _mapped(x: Tensor, moves: Tensor) -> Tensor:
    """Affine map that moves (c + s, c + s), (c + s, c - s) and (c - s, c - s) by ``moves`` ``[B, 3, 2]`` in x and y."""
    height, width = x.shape[-2:]
    s, centre = min(height, width) // 3, (width // 2, height // 2)
    first, second, third = moves.unbind(1)
    shift = (first + third) / 2
    along_x, along_y = (second - third) / (2 * s), (first - second) / (2 * s)
    a, b = 1 + along_x[:, 0], along_y[:, 0]
    c, d = along_x[:, 1], 1 + along_y[:, 1]
    rows, columns = _grid(x)
    u, v = columns - centre[0] - shift[:, 0, None, None], rows - centre[1] - shift[:, 1, None, None]
    a, b, c, d, area = (each[:, None, None] for each in (a, b, c, d, a * d - b * c))
    return sampled(x, (a * v - c * u) / area + centre[1], (d * u - b * v) / area + centre[0], "reflect")
