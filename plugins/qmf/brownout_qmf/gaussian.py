"""Gaussian noise on pixels from 0 to 255."""

from __future__ import annotations

from collections.abc import Sequence
from math import sqrt
from typing import Literal, TypeAlias

import numpy as np
import torch
from torch import Tensor

from brownout_qmf.checks import check_levels, range_of
from brownout_registry import Modality, Noise, Perturbation, check_option

Scale: TypeAlias = Literal["sqrt-eps", "eps", "10-eps"]
"""How eps becomes a standard deviation, see `standard_deviation`."""
Overflow: TypeAlias = Literal["clip", "wrap"]
"""What becomes of values outside 0 to 255, see `noisy_pixels`."""


def standard_deviation(eps: float, scale: Scale) -> float:
    """The noise's standard deviation on pixels from 0 to 255.

    The paper says "variance of eps" (``sqrt-eps``); its released code draws with a standard deviation of ``eps``
    (RGB-D) or ``10-eps`` (text-image).

    Example:
        >>> [standard_deviation(4.0, scale) for scale in ("sqrt-eps", "eps", "10-eps")]
        [2.0, 4.0, 40.0]
    """
    return {"sqrt-eps": sqrt(eps), "eps": eps, "10-eps": 10 * eps}[scale]


def noisy_pixels(pixels: Tensor, e: Tensor, std: float, overflow: Overflow = "clip") -> Tensor:
    """Pixels plus noise, ``pixels + std e``.

    ``clip`` brings the result into 0 to 255. ``wrap`` is what the released code does to 8-bit pictures: only values
    above 255 are clipped, then the decimals are cut off and negative values wrap modulo 256.

    Args:
        pixels: from 0 to 255, ``[..., C, H, W]``; whole numbers for ``wrap``.
        e: standard normal draws of that shape, or with one channel for all.
        std: standard deviation.
        overflow: clip or wrap.

    Example:
        >>> pixels, e = torch.tensor([10.0, 100.0, 250.0]), torch.tensor([-2.0, 0.25, 2.0])
        >>> noisy_pixels(pixels, e, 10.0), noisy_pixels(pixels, e, 10.0, "wrap")
        (tensor([  0.0000, 102.5000, 255.0000]), tensor([246., 102., 255.]))
    """
    noisy = pixels + std * e
    return noisy.clamp(0, 255) if overflow == "clip" else noisy.clamp_max(255).trunc().remainder(256)


def legacy_pattern(channels: int, height: int, width: int) -> Tensor:
    """The draws of numpy's legacy generator at seed 0, which the released code resets at every call.

    Args:
        channels: how many; 1 to share the draws.
        height: rows.
        width: columns.

    Returns:
        float64 ``[channels, height, width]``, drawn pixel by pixel.

    Example:
        >>> legacy_pattern(1, 1, 2)
        tensor([[[1.7641, 0.4002]]], dtype=torch.float64)
    """
    drawn = np.random.RandomState(0).standard_normal((height, width, channels))
    return torch.from_numpy(drawn).permute(2, 0, 1)


def gaussian(
    modality: Modality,
    levels: Sequence[float],
    *,
    scale: Scale = "sqrt-eps",
    overflow: Overflow = "clip",
    shared_channels: bool = False,
    fixed_pattern: bool = False,
) -> Perturbation:
    """Zero-mean Gaussian noise on a picture, its declared range taken as 0 to 255 (tables 1 to 5 of the QMF paper).

    The tables corrupt "50 % of the modalities": each modality of each sample with probability .5, independently,
    which is the suite's ``share: 0.5``.

    Args:
        modality: image-like, with a declared range.
        levels: eps at severities 1, 2, ...
        scale: what eps is, see `standard_deviation`.
        overflow: see `noisy_pixels`; ``wrap`` rounds the clean picture to 8 bits first.
        shared_channels: one draw per pixel for all channels, as released.
        fixed_pattern: as released, the same pattern for every picture of a size, whatever the protocol's seed.

    Returns:
        ``perturb(inputs, severity, noise)`` on ``[B, C, H, W]``.

    Raises:
        UsageError: a negative level, an unknown choice, or no declared range.

    Example:
        >>> class Ones:
        ...     def normal(self, label, shape=()):
        ...         return torch.ones(1, *shape)
        >>> perturb = gaussian(Modality("photo", "image", (1, 1, 1), range=(0.0, 1.0)), (5, 10), scale="10-eps")
        >>> (255 * perturb(torch.full((1, 1, 1, 1), 0.2), 2, Ones())).item()
        151.0
    """
    where = f"perturbation 'qmf-gaussian' of {modality.name!r}"
    check_option(scale in ("sqrt-eps", "eps", "10-eps"), where, "scale", scale, "sqrt-eps, eps or 10-eps")
    check_option(overflow in ("clip", "wrap"), where, "overflow", overflow, "clip or wrap")
    check_levels(where, levels)
    low, high = range_of(where, modality)

    def perturb(inputs: Tensor, severity: int, noise: Noise) -> Tensor:
        wide = inputs.to(torch.promote_types(inputs.dtype, torch.float32))
        pixels = (wide - low) / (high - low) * 255
        shape = (1 if shared_channels else inputs.shape[1], inputs.shape[2], inputs.shape[3])
        e = (legacy_pattern(*shape) if fixed_pattern else noise.normal("gaussian", shape)).to(pixels)
        clean = pixels.round() if overflow == "wrap" else pixels
        noisy = noisy_pixels(clean, e, standard_deviation(levels[severity - 1], scale), overflow)
        return (low + noisy / 255 * (high - low)).clamp(low, high).to(inputs.dtype)

    return perturb
