"""Gaussian noise."""

from __future__ import annotations

from collections.abc import Sequence
from math import sqrt
from typing import Literal

from brownout_features import draws
from brownout_features.checks import check_levels
from brownout_features.entries import Entries, replaced, values_of
from brownout_features.units import Unit, size_of, unit_of
from brownout_registry import Modality, Noise, Perturbation, UsageError


def gaussian_noise(
    modality: Modality,
    levels: Sequence[float],
    *,
    mode: Literal["additive", "multiplicative"] = "additive",
    reading: Literal["auto", "std", "variance"] = "auto",
    unit: Unit = "auto",
    clip: bool | Literal["auto"] = "auto",
) -> Perturbation:
    """Gaussian noise on every entry, e ~ N(0, 1).

    - additive: ``x + s u e`` (Hendrycks & Dietterich 2019), s the standard deviation in the unit u;
    - multiplicative: ``x (1 + s e)`` (Gao et al. 2022, App. B.1; zeros stay zero). The paper writes
      N(0, w0) and leaves open whether w0 is the variance; ``reading`` decides, by default as printed:
      s = sqrt(w0). It mentions no clipping, and there is none by default.

    The entries of a vector or sequence have units of their own: there u is each entry's standard deviation
    over the training split (`brownout_registry.Modality.scale`), which a constant entry does not have and so
    keeps its value. Where no scale is declared (audio, a representation) u is the sample's own root mean
    square, so that a level is a noise-to-signal ratio (20 log10(1/level) dB); a silent sample gets no noise.

    Args:
        modality: what is perturbed; its range is clipped to, and is the unit of image-like kinds.
        levels: standard deviations (or variances) of severities 1, 2, ...
        mode: additive or multiplicative.
        reading: whether a level is ``std`` or ``variance``; ``auto``: std if additive, else variance.
        unit: of additive noise, see above; ``auto``: range for image-like kinds that declare one, else std
            where the modality declares a scale, else rms.
        clip: to the declared range; ``auto``: if additive.

    Returns:
        ``perturb(inputs, severity, noise)`` on ``[B, ...]`` or `brownout_registry.Padded`.

    Raises:
        UsageError: a level outside [0, 1e6], a unit for multiplicative noise, or a unit that needs a range or scale.

    Example:
        >>> import torch
        >>> class Ones:
        ...     def normal(self, label, shape=()):
        ...         return torch.ones(1, *shape)
        >>> perturb = gaussian_noise(Modality("sensors", "vector", (2,)), (0.1, 0.2))
        >>> perturb(torch.tensor([[10.0, -10.0]]), 2, Ones())
        tensor([[12., -8.]])
    """
    check_levels("gaussian-noise", modality, levels)
    additive = mode == "additive"
    if not additive and unit != "auto":
        where = f"perturbation 'gaussian-noise' of {modality.name!r}"
        raise UsageError(f"{where}: unit is {unit!r}, but multiplicative noise has none: leave it out")
    unit = unit_of("gaussian-noise", modality, unit)
    variance = reading == "variance" or (reading == "auto" and not additive)
    bounds = modality.range if clip is True or (clip == "auto" and additive) else None

    def perturb(inputs: Entries, severity: int, noise: Noise) -> Entries:
        level = levels[severity - 1]
        scaled = draws.normal(inputs, noise, "gaussian") * (sqrt(level) if variance else level)
        values = values_of(inputs)
        noisy = values + size_of(inputs, modality, unit) * scaled if additive else values * (1 + scaled)
        return replaced(inputs, noisy, bounds)

    return perturb
