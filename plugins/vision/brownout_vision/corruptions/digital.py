"""Pixelation and JPEG compression."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from io import BytesIO
from itertools import accumulate, repeat

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from brownout_registry import Modality, Perturbation
from brownout_vision.corruptions.frame import Quantise, corruption, in_eight_bits
from brownout_vision.corruptions.profiles import ParameterProfile


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
    return corruption("pixelate", modality, levels, apply, profile=profile, quantise=quantise)


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
    return corruption("jpeg-compression", modality, levels, _jpeg, profile=profile, quantise=False, channels=(1, 3))


def _pixelate(x: Tensor, c: float, *, rounds: bool) -> Tensor:
    sizes = x.shape[-2:]
    x = (x * 255).round() if rounds else x
    for dim in (-1, -2):
        x = _shrunk(x, dim, max(1, int(x.shape[dim] * c)))
        x = (x + 0.5).floor() if rounds else x
    for dim, size in zip((-1, -2), reversed(sizes), strict=True):
        x = x.index_select(dim, torch.tensor(_shown(x.shape[dim], size), device=x.device))
    return x / 255 if rounds else x


def _shrunk(x: Tensor, dim: int, small: int) -> Tensor:
    """Means over the boxes of one axis."""
    size = x.shape[dim]
    step = size / small
    firsts = [max(0, int((j + 0.5) * step - step / 2 + 0.5)) for j in range(small)]
    lasts = [min(size, int((j + 0.5) * step + step / 2 + 0.5)) for j in range(small)]
    widths = [last - first for first, last in zip(firsts, lasts, strict=True)]
    counts = torch.tensor(widths, device=x.device)
    counts = counts.unsqueeze(-1) if dim == -2 else counts
    total = x.index_select(dim, torch.tensor(firsts, device=x.device))
    for k in range(1, max(widths)):
        place = [min(first + k, last - 1) for first, last in zip(firsts, lasts, strict=True)]
        total += x.index_select(dim, torch.tensor(place, device=x.device)) * (counts > k)
    return total / counts


def _shown(small: int, size: int) -> list[int]:
    """The box that each pixel shows; Pillow adds up the steps, which decides where a pixel's centre is on an edge."""
    step = small / size
    return [int(place) for place in accumulate(repeat(step, size - 1), initial=step / 2)]


def _jpeg(x: Tensor, quality: float) -> Tensor:
    pictures = (x * 255).round().to(torch.uint8).permute(0, 2, 3, 1).cpu().numpy()
    decoded = torch.from_numpy(np.stack([_coded(picture, int(quality)) for picture in pictures]))
    return decoded.permute(0, 3, 1, 2).contiguous().to(x) / 255


def _coded(picture: np.ndarray, quality: int) -> np.ndarray:
    file = BytesIO()
    Image.fromarray(picture.squeeze(-1) if picture.shape[-1] == 1 else picture).save(file, "JPEG", quality=quality)
    return np.asarray(Image.open(file)).reshape(picture.shape)
