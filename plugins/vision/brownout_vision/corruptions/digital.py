"""Pixelation and JPEG compression."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache, partial
from io import BytesIO
from itertools import accumulate, repeat
from typing import NamedTuple

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
    return corruption("pixelate", modality, levels, apply, profile=profile, quantise=False)


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
    name, channels = "jpeg-compression", (1, 3)
    return corruption(name, modality, levels, _jpeg, profile=profile, quantise=False, channels=channels, together=True)


def _pixelate(x: Tensor, c: float, *, rounds: bool) -> Tensor:
    """Rows are cheap to gather, so columns are shrunk in the transposed image."""
    height, width = x.shape[-2:]
    x = x.mul(255).round_() if rounds else x
    x = _shrunk(x.mT.contiguous(), max(1, int(width * c)), rounds)
    x = _shrunk(x.mT.contiguous(), max(1, int(height * c)), rounds)
    x = x.div_(255) if rounds else x
    for dim, size in ((-1, width), (-2, height)):
        x = x.index_select(dim, _shown(x.shape[dim], size).to(x.device))
    return x


def _shrunk(x: Tensor, small: int, rounds: bool) -> Tensor:
    """Means over the boxes of rows; only some boxes have a last row."""
    boxes = _boxes(x.shape[-2], small)
    total = x.index_select(-2, boxes.firsts.to(x.device))
    for wide, rows in boxes.further:
        total.index_add_(-2, wide.to(x.device), x.index_select(-2, rows.to(x.device)))
    total /= boxes.widths.to(x.device)
    return total.add_(0.5).floor_() if rounds else total


class Boxes(NamedTuple):
    """The boxes of one axis: their first rows, which boxes have a k-th row and which it is, and their widths."""

    firsts: Tensor
    further: list[tuple[Tensor, Tensor]]
    widths: Tensor


@lru_cache(maxsize=64)
def _boxes(size: int, small: int) -> Boxes:
    step = size / small
    firsts = torch.tensor([max(0, int((j + 0.5) * step - step / 2 + 0.5)) for j in range(small)])
    lasts = torch.tensor([min(size, int((j + 0.5) * step + step / 2 + 0.5)) for j in range(small)])
    widths = lasts - firsts
    wide = [(widths > k).nonzero().squeeze(1) for k in range(1, int(widths.max()))]
    return Boxes(firsts, [(boxes, firsts[boxes] + k) for k, boxes in enumerate(wide, 1)], widths.unsqueeze(-1))


@lru_cache(maxsize=64)
def _shown(small: int, size: int) -> Tensor:
    """The box that each pixel shows; Pillow adds up the steps, which decides where a pixel's centre is on an edge."""
    step = small / size
    return torch.tensor([int(place) for place in accumulate(repeat(step, size - 1), initial=step / 2)])


def _jpeg(x: Tensor, quality: float) -> Tensor:
    pictures = x.mul(255).round_().to(torch.uint8).permute(0, 2, 3, 1).contiguous().cpu().numpy()
    code = partial(_coded, quality=int(quality))
    with ThreadPoolExecutor(torch.get_num_threads()) as threads:  # libjpeg runs without the interpreter's lock
        decoded = np.stack(list(threads.map(code, pictures)))
    return torch.from_numpy(decoded).permute(0, 3, 1, 2).to(x, memory_format=torch.contiguous_format) / 255


def _coded(picture: np.ndarray, quality: int) -> np.ndarray:
    file = BytesIO()
    Image.fromarray(picture.squeeze(-1) if picture.shape[-1] == 1 else picture).save(file, "JPEG", quality=quality)
    return np.asarray(Image.open(file)).reshape(picture.shape)
