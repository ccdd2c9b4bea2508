"""Fog."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import torch
from torch import Tensor

from brownout_registry import Modality, Noise, Perturbation
from brownout_vision.corruptions.frame import Quantise, corruption
from brownout_vision.corruptions.profiles import Profile


def fog(
    modality: Modality, levels: Sequence[float], *, profile: Profile = "auto", quantise: Quantise = "auto"
) -> Perturbation:
    """Fog: ``(x + c P) M / (M + c)`` with a plasma fractal P and M the image's largest value.

    Hendrycks & Dietterich 2019. P comes from the diamond-square algorithm on a torus of the next power of two, whose
    displacements at each level are w U(-w, w) with w = 100 divided by the decay per level; it is brought to [0, 1], and
    its top left part is seen in all channels. (c, decay) is (1.5, 2), (2, 2), (2.5, 1.7), (2.5, 1.5), (3, 1.4)
    (ImageNet-C) or (.2, 3), (.5, 3), (.75, 2.5), (1, 2), (1.5, 1.75) (CIFAR-C). A black image stays black.

    Args:
        modality: an image, of any number of channels.
        levels: severities 1 to 5 of the profile.
        profile: ``imagenet``, ``cifar`` or ``auto`` (cifar where the shorter side is below 48).
        quantise: truncate to 256 levels; ``auto``: of images.

    Returns:
        ``perturb(inputs, severity, noise)`` on ``[B, C, H, W]``.

    Raises:
        UsageError: a level out of range, or a modality that is no image or below 8×8 pixels.

    Example:
        >>> class High:
        ...     def uniform(self, label, shape=()):
        ...         return torch.full((1, *shape), 0.9) * (label == "squares 1")
        >>> perturb = fog(Modality("photo", "image", (1, 64, 64)), (1,), quantise=False)
        >>> white = torch.ones(1, 1, 64, 64)
        >>> perturb(white, 1, High())[0, 0, 32, 32], perturb(white, 1, High())[0, 0, 0, 0] < 1
        (tensor(1.), tensor(True))
    """
    return corruption("fog", modality, levels, _fog, _draw, profile=profile, quantise=quantise)


def _levels(shape: tuple[int, ...]) -> Iterator[int]:
    """Cells per side, from 1 to half of the torus."""
    side = 1 << (max(shape[1:]) - 1).bit_length()
    yield from (1 << level for level in range(side.bit_length() - 1))


def _draw(noise: Noise, shape: tuple[int, ...], _: tuple[float, float]) -> tuple[Tensor, ...]:
    places = ("squares", "horizontal", "vertical")
    return tuple(noise.uniform(f"{place} {n}", (n, n)) for n in _levels(shape) for place in places)


def _fog(x: Tensor, constants: tuple[float, float], *draws: Tensor) -> Tensor:
    c, decay = constants
    brightest = x.amax((1, 2, 3), keepdim=True)
    haze = plasma(draws, decay)[:, None, : x.shape[-2], : x.shape[-1]]
    return (x + haze * c) * brightest / (brightest + c)


def plasma(draws: Sequence[Tensor], decay: float) -> Tensor:
    """The fractal ``[B, N, N]`` in [0, 1] from three fields of uniform draws per level."""
    side = 2 * draws[-1].shape[-1]
    field = draws[0].new_zeros(len(draws[0]), side, side)
    w = 100.0
    for squares, horizontal, vertical in zip(draws[::3], draws[1::3], draws[2::3], strict=True):
        step = side // squares.shape[-1]
        half = step // 2
        corners = field[:, ::step, ::step].clone()
        right, below = corners.roll(-1, 2), corners.roll(-1, 1)
        centres = (corners + right + below + right.roll(-1, 1)) / 4 + _moves(squares, w)
        field[:, half::step, half::step] = centres
        field[:, ::step, half::step] = (corners + right + centres + centres.roll(1, 1)) / 4 + _moves(horizontal, w)
        field[:, half::step, ::step] = (corners + below + centres + centres.roll(1, 2)) / 4 + _moves(vertical, w)
        w /= decay
    field = field - field.amin((1, 2), keepdim=True)
    return field / field.amax((1, 2), keepdim=True).clamp(min=torch.finfo(field.dtype).tiny)


def _moves(draw: Tensor, w: float) -> Tensor:
    return (draw * 2 - 1) * (w * w)
