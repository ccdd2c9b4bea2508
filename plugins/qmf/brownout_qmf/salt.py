"""Salt and pepper on some of the pictures."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from brownout_qmf.checks import check_levels, range_of
from brownout_registry import Modality, Noise, Perturbation, check_option


def salted_pixels(pixels: Tensor, u: Tensor, density: float, low: float, high: float) -> Tensor:
    """Pepper (``low``) where u < density / 2, salt (``high``) where density / 2 <= u < density.

    Args:
        pixels: ``[..., C, H, W]``.
        u: uniform draws, one channel for all.
        density: share of the pixels that are replaced.
        low: black.
        high: white.

    Example:
        >>> salted_pixels(torch.full((4,), 7.0), torch.tensor([0.01, 0.05, 0.1, 0.9]), 0.1, 0.0, 255.0)
        tensor([  0., 255.,   7.,   7.])
    """
    salted = torch.where(u < density, high, pixels)
    return torch.where(u < density / 2, low, salted)


def salt_and_pepper(
    modality: Modality, levels: Sequence[float], *, density: float = 0.1, divisor: int = 10
) -> Perturbation:
    """Salt and pepper on a picture with probability eps / divisor (table 6 of the QMF paper).

    A picture that is hit has a ``density`` of black and white pixels, in all channels alike; eps says how many
    pictures are hit. The released code applies it to each sample with probability .5, which is the suite's
    ``share: 0.5``: overall .5 eps / divisor. A picture that is hit stays hit at the next severity.

    Args:
        modality: image-like, with a declared range.
        levels: eps at severities 1, 2, ...
        density: share of the pixels of a picture that are replaced.
        divisor: 10 before June 2025, 100 since; the paper has no number.

    Returns:
        ``perturb(inputs, severity, noise)`` on ``[B, C, H, W]``.

    Raises:
        UsageError: a level outside [0, divisor], an option out of its range, or no declared range.

    Example:
        >>> class Small:
        ...     def uniform(self, label, shape=()):
        ...         return torch.full((1, *shape), 0.06)
        >>> perturb = salt_and_pepper(Modality("photo", "image", (1, 1, 2), range=(0.0, 1.0)), (0.5, 5))
        >>> grey = torch.full((1, 1, 1, 2), 0.5)
        >>> perturb(grey, 1, Small()).flatten(), perturb(grey, 2, Small()).flatten()
        (tensor([0.5000, 0.5000]), tensor([1., 1.]))
    """
    where = f"perturbation 'qmf-salt-and-pepper' of {modality.name!r}"
    check_option(divisor in (10, 100), where, "divisor", divisor, "10 or 100")
    share = isinstance(density, int | float) and not isinstance(density, bool) and 0 < density <= 1
    check_option(share, where, "density", density, "a share in (0, 1]")
    check_levels(where, levels, largest=divisor)
    low, high = range_of(where, modality)

    def perturb(inputs: Tensor, severity: int, noise: Noise) -> Tensor:
        hit = noise.uniform("picture").to(inputs.device) < levels[severity - 1] / divisor
        u = noise.uniform("pixel", (1, inputs.shape[2], inputs.shape[3])).to(inputs.device)
        salted = salted_pixels(inputs, u, density, low, high).to(inputs.dtype)
        return torch.where(hit[:, None, None, None], salted, inputs)

    return perturb
