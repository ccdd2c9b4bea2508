"""Pixelation and JPEG compression."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache, partial
from itertools import accumulate, repeat
from typing import NamedTuple

import numpy as np
import torch
from imagecodecs import jpeg8_decode, jpeg8_encode
from torch import Tensor

from brownout_registry import Modality, Perturbation
from brownout_vision.corruptions.filters import selected
from brownout_vision.corruptions.frame import Quantise, corruption, in_eight_bits
from brownout_vision.corruptions.profiles import ParameterProfile

SEVERAL = 2**21
"""Values worked on at a time: so little happens to each that a part of one image costs more than it saves."""


def pixelate(
    modality: Modality, levels: Sequence[float], *, profile: ParameterProfile = "auto", quantise: Quantise = "auto"
) -> Perturbation:
    """Pixelation: shrink by averaging, enlarge by repeating (Hendrycks & Dietterich 2019).

    Each side of n pixels becomes m = int(n c), at least 1. Pixel j is the plain mean of the pixels from
    ``int((j + 1/2) n/m - n/2m + 1/2)`` up to, without, ``int((j + 1/2) n/m + n/2m + 1/2)`` (Pillow's box filter);
    columns first, each pass rounded to 256 levels if the result is. c is .6, .5, .4, .3, .25 (ImageNet-C) or .95, .9,
    .85, .75, .65 (CIFAR-C).

    Args:
        modality: an image-like modality, of any number of channels.
        levels: severities 1 to 5 of the profile; c itself under ``given``.
        profile: ``imagenet``, ``cifar``, ``auto`` (cifar where the shorter side is below 48) or ``given``.
        quantise: 256 levels; ``auto``: of images.

    Returns:
        ``perturb(inputs, severity, noise)`` on ``[B, C, H, W]``; nothing is random.

    Raises:
        UsageError: a level out of range, or a modality that is no image or below 8×8 pixels.

    Example:
        >>> perturb = pixelate(Modality("photo", "image", (1, 8, 8)), (0.5,), profile="given", quantise=False)
        >>> ramp = torch.linspace(0, 0.7, 8).expand(1, 1, 8, 8)
        >>> perturb(ramp, 1, None)[0, 0, 0]
        tensor([0.0500, 0.0500, 0.2500, 0.2500, 0.4500, 0.4500, 0.6500, 0.6500])
    """
    apply = partial(_pixelate, rounds=in_eight_bits(modality, quantise))
    return corruption("pixelate", modality, levels, apply, profile=profile, quantise=False, values=SEVERAL)


def jpeg_compression(
    modality: Modality, levels: Sequence[float], *, profile: ParameterProfile = "auto"
) -> Perturbation:
    """JPEG compression: encode with a quality and decode again (Hendrycks & Dietterich 2019).

    Through libjpeg with Pillow's defaults (baseline, chroma halved), image by image on the CPU; input and result have
    256 levels. The quality is 25, 18, 15, 10, 7 (ImageNet-C) or 80, 65, 58, 50, 40 (CIFAR-C).

    Args:
        modality: an image of 1 or 3 channels.
        levels: severities 1 to 5 of the profile; the quality itself under ``given`` (1 to 100).
        profile: ``imagenet``, ``cifar``, ``auto`` (cifar where the shorter side is below 48) or ``given``.

    Returns:
        ``perturb(inputs, severity, noise)`` on ``[B, C, H, W]``; nothing is random.

    Raises:
        UsageError: a level out of range, or a modality that is no image of 1 or 3 channels or below 8×8 pixels.

    Example:
        >>> perturb = jpeg_compression(Modality("photo", "image", (1, 8, 8)), (50,), profile="given")
        >>> (perturb(torch.full((2, 1, 8, 8), 100 / 255), 1, None) * 255).unique()
        tensor([100.])
    """
    kept = partial(corruption, profile=profile, quantise=False, channels=(1, 3), values=SEVERAL)
    return kept("jpeg-compression", modality, levels, _jpeg)


def _pixelate(x: Tensor, c: float, *, rounds: bool) -> Tensor:
    axes = [(dim, x.shape[dim], max(1, int(x.shape[dim] * c))) for dim in (-1, -2)]
    x = x.mul(255).round_() if rounds else x
    for dim, size, small in axes:
        x = _shrunk(x, dim, _boxes(size, small, x.device), rounds)
    x = x.div_(255) if rounds else x
    for dim, size, small in axes:
        x = selected(x, dim, _boxes(size, small, x.device).shown)
    return x


class Boxes(NamedTuple):
    """The boxes of one axis, wide ones first: the k-th places of those that have one, widths, and each pixel's box."""

    places: list[Tensor]
    widths: Tensor
    shown: Tensor


def _shrunk(x: Tensor, dim: int, boxes: Boxes, rounds: bool) -> Tensor:
    """Means over the boxes, in the boxes' order."""
    total = selected(x, dim, boxes.places[0])
    for places in boxes.places[1:]:
        total.narrow(dim, 0, len(places)).add_(selected(x, dim, places))
    total /= boxes.widths.unsqueeze(-1) if dim == -2 else boxes.widths
    return total.add_(0.5).floor_() if rounds else total


@lru_cache(maxsize=64)
@torch.inference_mode(False)
def _boxes(size: int, small: int, device: torch.device) -> Boxes:
    """Pillow adds up the steps when enlarging, which decides where a pixel's centre is on an edge."""
    step = size / small
    firsts = torch.tensor([max(0, int((j + 0.5) * step - step / 2 + 0.5)) for j in range(small)])
    lasts = torch.tensor([min(size, int((j + 0.5) * step + step / 2 + 0.5)) for j in range(small)])
    widths, order = (lasts - firsts).sort(descending=True, stable=True)
    places = [firsts[order[widths > k]] + k for k in range(int(widths.max()))]
    centres = accumulate(repeat(small / size, size - 1), initial=small / size / 2)
    shown = order.argsort()[[int(centre) for centre in centres]]
    return Boxes([each.to(device) for each in places], widths.to(device), shown.to(device))


def _jpeg(x: Tensor, quality: float) -> Tensor:
    levels = x.detach().mul(255).round_().to("cpu", torch.uint8)
    pixels = torch.stack(levels.unbind(1), -1).numpy()
    for image in pixels:
        _code(image, int(quality))
    coded = torch.from_numpy(pixels).to(x.device).movedim(-1, 1)
    return coded.to(x.dtype, memory_format=torch.contiguous_format).div_(255)


def _code(pixels: np.ndarray, quality: int) -> None:
    """Encode ``[H, W, C]`` and decode into it."""
    if pixels.shape[-1] == 1:
        file = jpeg8_encode(pixels[..., 0], quality)
        jpeg8_decode(file, out=pixels[..., 0])
    else:
        file = jpeg8_encode(pixels, quality, colorspace="RGB", outcolorspace="YCBCR", subsampling="420")
        jpeg8_decode(file, out=pixels)
