"""Bias noise: a patch of a picture becomes brighter or darker."""

from __future__ import annotations

from collections.abc import Sequence
from math import isfinite
from typing import Literal

import torch
from torch import Tensor

from brownout_registry import Modality, Noise, Perturbation, UsageError, check_option

KINDS = ("image", "spectrogram", "depth")


def bias_patch(
    modality: Modality,
    levels: Sequence[float],
    *,
    size: float = 0.36,
    unit: Literal["share", "pixels"] = "share",
    clip: bool = True,
) -> Perturbation:
    """A square patch at a random place is multiplied by 1 + w3 (Gao et al. 2022, App. B.1, a change of illumination).

    The patch has w2 × w2 pixels in all channels. With n rows (or columns) and one u ~ U[0, 1) per sample, it starts
    at ``floor(u (n - w2 + 1))``: every place has the same chance, and the same one is hit at every severity. The
    paper mentions no clipping, and its w3 go from -4 over -1 (black) to 2; without ``clip`` pictures leave their range.

    Args:
        modality: what is perturbed.
        levels: w3 at severities 1, 2, ...
        size: w2; 0.36 is the paper's 10 of 28 pixels. A patch larger than a side covers all of it.
        unit: of the size: a ``share`` of the shorter side, or ``pixels``.
        clip: to the declared range, where there is one.

    Returns:
        ``perturb(inputs, severity, noise)`` on ``[B, C, H, W]``.

    Raises:
        UsageError: a modality, or a representation, without rows and columns; a level that is no number; or a size
            out of its range.

    Example:
        >>> class Middle:
        ...     def uniform(self, label, shape=()):
        ...         return torch.full((1, *shape), 0.5)
        >>> perturb = bias_patch(Modality("photo", "image", (1, 3, 4)), (-1.0, 2.0), size=2, unit="pixels")
        >>> perturb(torch.ones(1, 1, 3, 4), 2, Middle())[0, 0]
        tensor([[1., 1., 1., 1.],
                [1., 3., 3., 1.],
                [1., 3., 3., 1.]])
    """
    _check(modality, levels, size, unit)

    def perturb(inputs: Tensor, severity: int, noise: Noise) -> Tensor:
        height, width = inputs.shape[-2:]
        edge = int(size) if unit == "pixels" else max(1, round(size * min(height, width)))
        rows, columns = _run(noise.uniform("row"), height, edge), _run(noise.uniform("column"), width, edge)
        patch = (rows[:, None, :, None] & columns[:, None, None, :]).to(inputs.device)
        changed = torch.where(patch, inputs * (1 + levels[severity - 1]), inputs)
        return changed.clamp(*modality.range) if clip and modality.range else changed

    return perturb


def _run(u: Tensor, extent: int, edge: int) -> Tensor:
    """Bool ``[B, extent]``: one run of ``edge`` places, or all where there are fewer."""
    edge = min(edge, extent)
    start = (u.cpu().double() * (extent - edge + 1)).floor()[:, None]
    place = torch.arange(extent)
    return (place >= start) & (place < start + edge)


def _check(modality: Modality, levels: Sequence[float], size: float, unit: str) -> None:
    where = f"perturbation 'bias-patch' of {modality.name!r}"
    if modality.kind not in KINDS:
        raise UsageError(f"{where}: it takes {' or '.join(KINDS)}, not {modality.kind}")
    for index, level in enumerate(levels):
        numeric = isinstance(level, int | float) and not isinstance(level, bool)
        if not (numeric and isfinite(level)):
            raise UsageError(f"{where}: levels[{index}] is {level!r}, expected a finite number")
    if unit == "pixels":
        check_option(size >= 1 and float(size).is_integer(), where, "size", size, "a whole number of pixels from 1")
    else:
        check_option(0 < size <= 1, where, "size", size, "a share in (0, 1]; or say unit 'pixels'")
