"""Occlusion: a square of the image is covered."""

from __future__ import annotations

from collections.abc import Sequence
from math import isfinite, sqrt

import torch
from torch import Tensor

from brownout_registry import Modality, Noise, Perturbation, UsageError, check_option
from brownout_vision.corruptions.frame import check_modality


def occlusion(modality: Modality, levels: Sequence[float], *, fill: float = 0.0) -> Perturbation:
    """Cover a square with a share of the area at a random place (DeVries & Taylor 2017).

    With n rows (or columns), w of them covered and one u ~ U[0, 1) per sample, the square starts at
    ``floor(u (n - w + 1))``: every place has the same chance, and a larger square contains the smaller one of the same
    sample. Where its side exceeds the image's shorter one, it becomes a rectangle of the same area.

    Args:
        modality: an image-like modality, of any number of channels.
        levels: covered share of the area, 0 to 1.
        fill: what covered pixels become, brought into the declared range.

    Returns:
        ``perturb(inputs, severity, noise)`` on ``[B, C, H, W]``.

    Raises:
        UsageError: a share outside [0, 1], a fill that is no number, or a modality that is no image.

    Example:
        >>> class Middle:
        ...     def uniform(self, label, shape=()):
        ...         return torch.full((1, *shape), 0.5)
        >>> perturb = occlusion(Modality("photo", "image", (1, 8, 8)), (0.25,))
        >>> perturb(torch.ones(1, 1, 8, 8), 1, Middle())[0, 0, 2]
        tensor([1., 1., 0., 0., 0., 0., 1., 1.])
    """
    check_modality("occlusion", modality)
    where = f"perturbation 'occlusion' of {modality.name!r}"
    for index, level in enumerate(levels):
        if isinstance(level, bool) or not isinstance(level, int | float) or not 0 <= level <= 1:
            raise UsageError(f"{where}: levels[{index}] is {level!r}, expected a share from 0 to 1")
    check_option(isinstance(fill, int | float) and isfinite(fill), where, "fill", fill, "a number")
    low, high = modality.range or (0.0, 1.0)

    def perturb(inputs: Tensor, severity: int, noise: Noise) -> Tensor:
        height, width = inputs.shape[-2:]
        tall, wide = _sides(height, width, levels[severity - 1])
        rows, columns = _run(noise.uniform("row"), height, tall), _run(noise.uniform("column"), width, wide)
        covered = (rows[:, None, :, None] & columns[:, None, None, :]).to(inputs.device)
        return inputs.masked_fill(covered, min(max(fill, low), high))

    return perturb


def _sides(height: int, width: int, share: float) -> tuple[int, int]:
    """Rows and columns of the patch: as square as fits.

    Example:
        >>> _sides(10, 40, 0.01), _sides(10, 40, 0.5)
        ((2, 2), (10, 20))
    """
    area = share * height * width
    edge = sqrt(area)
    tall = min(height, round(area / min(edge, width))) if area else 0
    return tall, min(width, round(area / min(edge, height))) if area else 0


def _run(u: Tensor, extent: int, edge: int) -> Tensor:
    """Bool ``[B, extent]``: one run of ``edge`` places."""
    start = (u.cpu().double() * (extent - edge + 1)).floor()[:, None]
    place = torch.arange(extent)
    return (place >= start) & (place < start + edge)
