"""Salt and pepper."""

from __future__ import annotations

from collections.abc import Sequence

import torch

from brownout_features import draws
from brownout_features.checks import check_levels
from brownout_features.entries import Entries, extremes, replaced, values_of
from brownout_registry import Modality, Noise, Perturbation


def salt_and_pepper(modality: Modality, levels: Sequence[float]) -> Perturbation:
    """Replace each entry with probability p by the largest or the smallest value, with equal chances.

    Hendrycks & Dietterich 2019 (impulse noise): two uniform fields per sample, ``hit < p`` and
    ``salt < 1/2``; channels are hit independently. Both fields are the same at every severity, so an
    entry that is replaced stays replaced at the next one.

    Args:
        modality: its declared range gives the two values; without one, the sample's own extremes.
        levels: probabilities of severities 1, 2, ...

    Returns:
        ``perturb(inputs, severity, noise)`` on ``[B, ...]`` or `brownout_registry.Padded`.

    Raises:
        UsageError: a level outside [0, 1].

    Example:
        >>> class Half:
        ...     def uniform(self, label, shape=()):
        ...         return torch.full((1, *shape), 0.25)
        >>> perturb = salt_and_pepper(Modality("photo", "image", (1, 1, 2), range=(0.0, 1.0)), (0.2, 0.3))
        >>> grey = torch.full((1, 1, 1, 2), 0.5)
        >>> perturb(grey, 1, Half()).flatten(), perturb(grey, 2, Half()).flatten()
        (tensor([0.5000, 0.5000]), tensor([1., 1.]))
    """
    check_levels("salt-and-pepper", modality, levels, largest=1)

    def perturb(inputs: Entries, severity: int, noise: Noise) -> Entries:
        hit = draws.uniform(inputs, noise, "hit") < levels[severity - 1]
        salt = draws.uniform(inputs, noise, "salt") < 0.5
        values = values_of(inputs)
        low, high = extremes(inputs) if modality.range is None else map(values.new_tensor, modality.range)
        return replaced(inputs, torch.where(hit, torch.where(salt, high, low), values), modality.range)

    return perturb
