"""White noise with one draw for each step."""

from __future__ import annotations

from collections.abc import Sequence

from brownout_features import draws
from brownout_features.checks import check_kind, check_levels
from brownout_features.entries import Entries, replaced, values_of
from brownout_features.kinds import STEPPED
from brownout_features.series import like, series_of, step_draws
from brownout_features.units import Unit, size_of, unit_of
from brownout_registry import Modality, Noise, Perturbation


def step_noise(modality: Modality, levels: Sequence[float], *, unit: Unit = "auto") -> Perturbation:
    """White noise that is the same for all columns of a step: ``x_td + s u_d e_t`` with e_t ~ N(0, 1).

    MultiBench (Liang et al. 2021) adds N(0, p), p = 0, .1, ..., .9 (of affect data i/30), to its time series in this
    way: a disturbance that all channels of a device share. For that take the unit ``absolute``.
    `brownout_features.gaussian.gaussian_noise` draws for every entry.

    Args:
        modality: a sequence, or a spectrogram, whose steps are its columns.
        levels: standard deviations s of severities 1, 2, ...
        unit: u, see `brownout_features.gaussian.gaussian_noise`.

    Returns:
        ``perturb(inputs, severity, noise)`` on `brownout_registry.Padded` or ``[B, C, F, T]``.

    Raises:
        UsageError: a level outside [0, 1e6], or a unit that needs a range or scale.

    Example:
        >>> import numpy as np, torch
        >>> from brownout_registry import Padded
        >>> class Seeded:
        ...     def generators(self, label):
        ...         yield np.random.default_rng(0)
        >>> perturb = step_noise(Modality("sensor", "sequence", (2, 2), scale=(1.0, 10.0)), (1.0,))
        >>> perturb(Padded(torch.zeros(1, 2, 2), torch.tensor([2])), 1, Seeded()).values
        tensor([[[  1.1176,  11.1762],
                 [ -1.3871, -13.8712]]])
    """
    check_kind("step-noise", modality, STEPPED)
    check_levels("step-noise", modality, levels)
    unit = unit_of("step-noise", modality, unit)

    def perturb(inputs: Entries, severity: int, noise: Noise) -> Entries:
        shared = like(inputs, step_draws(series_of(inputs), noise, "steps", draws.normal)[..., None])
        noisy = values_of(inputs) + size_of(inputs, modality, unit) * (shared * levels[severity - 1])
        return replaced(inputs, noisy, modality.range)

    return perturb
