"""Frost."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import torch
from torch import Tensor

from brownout_registry import Modality, Noise, Perturbation
from brownout_vision.corruptions.frame import Quantise, check_modality, corruption
from brownout_vision.corruptions.frost_pictures import Pictures, pictures_for
from brownout_vision.corruptions.profiles import Profile, constants
from brownout_vision.corruptions.snow import grey

Constants = tuple[float, float, float]


def frost(
    modality: Modality,
    levels: Sequence[float],
    *,
    profile: Profile = "auto",
    quantise: Quantise = "auto",
    pictures: str = "synthetic",
) -> Perturbation:
    """Frost: ``a x + b f`` with a random crop f of a random picture of frost (Hendrycks & Dietterich 2019).

    (a, b) is (1, .4), (.8, .6), (.7, .7), (.65, .7), (.6, .75) (ImageNet-C, pictures enlarged by 1.1) or (1, .2),
    (1, .3), (.9, .4), (.85, .4), (.75, .45) (CIFAR-C, pictures shrunk to .2); pictures that would not be larger than
    the image are enlarged until they are. As a falls, the distance to the clean image need not grow.

    Brownout ships no pictures. Its stand-ins are made of numbers measured on the originals (spectrum, quantiles of the
    luminance, colour by luminance): they change images by nearly as much, but have no crystals.

    Args:
        modality: an image of 1 or 3 channels.
        levels: severities 1 to 5 of the profile.
        profile: ``imagenet``, ``cifar`` or ``auto`` (cifar where the shorter side is below 48).
        quantise: truncate to 256 levels; ``auto``: of images.
        pictures: ``synthetic``: the stand-ins; ``package``: those of the installed package imagecorruptions; or a
            folder of .png and .jpg files, in the order of their names. The originals and stand-ins are six, of which
            CIFAR-C takes five.

    Returns:
        ``perturb(inputs, severity, noise)`` on ``[B, C, H, W]``.

    Raises:
        UsageError: no such folder or package, no or a broken picture in it, a level out of range, or a modality that
            is no image of 1 or 3 channels or below 8×8 pixels.

    Example:
        >>> class Middle:
        ...     def uniform(self, label, shape=()):
        ...         return torch.full((1, *shape), 0.5)
        >>> perturb = frost(Modality("photo", "image", (3, 64, 64)), (1, 2))
        >>> icy = perturb(torch.zeros(1, 3, 64, 64), 1, Middle())
        >>> 0 < icy.mean() < perturb(torch.zeros(1, 3, 64, 64), 2, Middle()).mean() < 1
        tensor(True)
    """
    check_modality("frost", modality, (1, 3))
    table = constants("frost", modality, levels, profile)
    scale = 1.1 if not table or table[0][2] == 1 else table[0][2]
    draw = partial(_crops, sheets=pictures_for(modality, pictures, scale))
    return corruption("frost", modality, levels, _frost, draw, profile=profile, quantise=quantise, channels=(1, 3))


def _crops(noise: Noise, shape: tuple[int, ...], _: Constants, *, sheets: Pictures) -> tuple[Tensor]:
    """A crop for each sample, uint8 ``[B, 3, H, W]``."""
    picture, row, column = (noise.uniform(label).cpu().double() for label in ("picture", "row", "column"))
    index = (picture * len(sheets.sizes)).long()
    rows, columns = (sheets.sizes[index] - torch.tensor(shape[1:])).unbind(1)
    windows = sheets.values.unfold(2, shape[1], 1).unfold(3, shape[2], 1)
    return (windows[index, :, (row * rows).long(), (column * columns).long()],)


def _frost(x: Tensor, constants: Constants, crops: Tensor) -> Tensor:
    a, b, _ = constants
    frost = crops.to(x) / 255
    return x * a + (grey(frost) if x.shape[1] == 1 else frost) * b
