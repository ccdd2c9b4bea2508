"""Snow."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from brownout_registry import Modality, Noise, Perturbation
from brownout_vision.corruptions.filters import zoomed
from brownout_vision.corruptions.frame import Quantise, corruption
from brownout_vision.corruptions.motion import moved, offsets
from brownout_vision.corruptions.profiles import Profile

Constants = tuple[float, float, float, float, int, float, float]


def snow(
    modality: Modality, levels: Sequence[float], *, profile: Profile = "auto", quantise: Quantise = "auto"
) -> Perturbation:
    """Snow: flakes that fall, are added to a whitened image, and are added again turned by 180°.

    Hendrycks & Dietterich 2019. The flakes are N(μ, s²), enlarged by z, 0 below t, clipped, and motion-blurred with
    (r, σ) in a direction of -135° to -45°; the image becomes ``m x + (1 - m) max(x, 1.5 grey + .5)`` before. The seven
    constants stand in `brownout_vision.corruptions.constants`; with those of ImageNet-C severity 3 is hardly farther
    from the clean image than 2, or nearer. The one channel of a grey image is its grey.

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
        >>> class Thin:
        ...     def normal(self, label, shape=()):
        ...         return torch.zeros(1, *shape)
        ...     def uniform(self, label, shape=()):
        ...         return torch.full((1, *shape), 0.5)
        >>> perturb = snow(Modality("photo", "image", (1, 64, 64)), (1,), quantise=False)
        >>> perturb(torch.full((1, 1, 64, 64), 0.5), 1, Thin()).unique()
        tensor([0.6500])
    """
    return corruption("snow", modality, levels, _snow, _draw, profile=profile, quantise=quantise, channels=(1, 3))


def _draw(noise: Noise, shape: tuple[int, ...], constants: Constants) -> tuple[Tensor, Tensor]:
    return noise.normal("layer", shape[1:]), offsets(noise.uniform("angle"), -135, -45, constants[4])


def _snow(x: Tensor, constants: Constants, layer: Tensor, steps: Tensor) -> Tensor:
    *flaky, _, sigma, m = constants
    flakes = _flakes(layer, flaky[0], flaky[1], flaky[2], flaky[3])
    flakes = (moved(flakes, sigma, steps).clamp(0, 1) * 255).round() / 255
    flakes = flakes[..., : x.shape[-2], : x.shape[-1]]
    white = torch.maximum(x, grey(x) * 1.5 + 0.5)
    return x * m + white * (1 - m) + flakes + flakes.rot90(2, (-2, -1))


def _flakes(layer: Tensor, mu: float, s: float, z: float, t: float) -> Tensor:
    flakes = zoomed(layer[:, None] * s + mu, z, trim=False)
    return torch.where(flakes < t, 0, flakes).clamp(0, 1)


def grey(x: Tensor) -> Tensor:
    """Luminance ``[B, 1, H, W]`` of red, green and blue; one channel is its own."""
    if x.shape[1] == 1:
        return x
    red, green, blue = x.split(1, dim=1)
    luminance: Tensor = red * 0.299 + green * 0.587 + blue * 0.114
    return luminance
