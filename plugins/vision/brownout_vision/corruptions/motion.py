"""Motion blur, also of falling snow."""

from __future__ import annotations

from collections.abc import Sequence
from math import cos, exp, radians, sin

import torch
from torch import Tensor

from brownout_registry import Modality, Noise, Perturbation
from brownout_vision.corruptions.filters import padded
from brownout_vision.corruptions.frame import Quantise, corruption
from brownout_vision.corruptions.profiles import Profile


def motion_blur(
    modality: Modality, levels: Sequence[float], *, profile: Profile = "auto", quantise: Quantise = "auto"
) -> Perturbation:
    """Motion blur along a random direction of -45° to 45° (Hendrycks & Dietterich 2019).

    A one-sided Gaussian: sample k = 0, ..., 2r has the weight exp(-k²/2σ²), normalised, and is the pixel at
    ``(y + ceil(k sin φ - 1/2), x + ceil(k cos φ - 1/2))``, borders repeated. From the first step as long as the image
    on, samples are left out and the result darkens (steps go up to 40, so in small images). (r, σ) is (10, 3), (15, 5),
    (15, 8), (15, 12), (20, 15) (ImageNet-C) or (6, 1), (6, 1.5), (6, 2), (8, 2), (9, 2.5) (CIFAR-C).

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
        >>> perturb = motion_blur(Modality("photo", "image", (1, 16, 16)), (1,), quantise=False)
        >>> dot = torch.zeros(1, 1, 16, 16)
        >>> dot[..., 8, 8] = 1
        >>> perturb(dot, 1, Middle())[0, 0, 8, 5:10]
        tensor([0.0063, 0.0772, 0.3459, 0.5703, 0.0000])
    """
    return corruption("motion-blur", modality, levels, _motion, _draw, profile=profile, quantise=quantise)


def offsets(turn: Tensor, least: float, most: float, radius: int) -> Tensor:
    """Steps ``[B, 2r + 1, 2]`` in rows and columns for directions from ``least`` to ``most`` degrees.

    Example:
        >>> offsets(torch.tensor([0.5]), -90, 90, 1)
        tensor([[[0, 0],
                 [0, 1],
                 [0, 2]]])
    """
    angles = [radians(least + (most - least) * each) for each in turn.tolist()]
    direction = torch.tensor([[sin(angle), cos(angle)] for angle in angles], dtype=torch.float64).reshape(-1, 1, 2)
    k = torch.arange(2 * radius + 1, dtype=torch.float64)[:, None]
    return (k * direction - 0.5).ceil().long()


def moved(x: Tensor, sigma: float, steps: Tensor) -> Tensor:
    """The weighted sum of ``[B, C, H, W]`` seen at each sample's own steps."""
    reach, (height, width) = steps.shape[1] - 1, x.shape[-2:]
    weights = [exp(-k * k / (2 * sigma * sigma)) for k in range(reach + 1)]
    leaves = (steps[..., 0].abs() >= height) | (steps[..., 1].abs() >= width)
    kept = leaves.cumsum(1) == 0
    windows = padded(padded(x, -1, reach, "replicate"), -2, reach, "replicate")
    windows = windows.unfold(2, height, 1).unfold(3, width, 1)
    total = torch.zeros_like(x)
    for k, weight in enumerate(weights):
        seen = _windows_at(windows, reach + steps[:, k])
        total += seen.mul_(kept[:, k, None, None, None] * (weight / sum(weights)))
    return total


def _windows_at(windows: Tensor, places: Tensor) -> Tensor:
    """Of each sample the window at its place; on a CPU one by one is faster than an index for each value."""
    if windows.device.type == "cpu":
        return torch.stack(
            [window[:, row, column] for window, (row, column) in zip(windows, places.tolist(), strict=True)]
        )
    sample = torch.arange(len(windows), device=windows.device)
    return windows[sample, :, places[:, 0], places[:, 1]]


def _draw(noise: Noise, _: tuple[int, ...], constants: tuple[int, float]) -> tuple[Tensor]:
    return (offsets(noise.uniform("angle"), -45, 45, constants[0]),)


def _motion(x: Tensor, constants: tuple[int, float], steps: Tensor) -> Tensor:
    return moved(x, constants[1], steps)
