"""Low-pass filtering: a narrow-band channel."""

from __future__ import annotations

from collections.abc import Sequence
from math import inf
from typing import Literal

import numpy as np
import torch
from torch import Tensor

from brownout_audio.checks import check_levels, where
from brownout_audio.spectra import scaled
from brownout_audio.waves import finished, row_by_row, sample_rate
from brownout_registry import Modality, Noise, Padded, Perturbation, check_option


def low_pass(
    modality: Modality, levels: Sequence[float], *, order: int = 6, unit: Literal["nyquist", "hertz"] = "nyquist"
) -> Perturbation:
    r"""A Butterworth low-pass filter without delay.

    Each frequency f of the discrete spectrum of the sample's own real steps is scaled by

    .. math:: |H(f)| = \left(1 + (f / f_c)^{2 \cdot \mathrm{order}}\right)^{-1/2} ,

    -3 dB at the cut-off :math:`f_c`; no phase is changed.

    AVRobustBench cuts at 8, 6, 4, 2 and 1 kHz, order 6. At 16 kHz these are 1, 3/4, 1/2, 1/4 and 1/8 of the Nyquist
    frequency, the default levels: so each severity takes the same share of the band at any sample rate. With
    ``unit="hertz"`` levels are frequencies; the formula holds above the Nyquist frequency too, where the filter
    lets (nearly) everything pass.

    Args:
        modality: of kind audio; for hertz its sample rate counts (16 kHz where it declares none).
        levels: cut-off frequencies of severities 1, 2, ...
        order: of the filter.
        unit: of the levels: shares of the ``nyquist`` frequency, or ``hertz``.

    Returns:
        ``perturb(waves, severity, noise)`` on `brownout_registry.Padded`; nothing is drawn.

    Raises:
        UsageError: a level that is not above 0, an order outside 1 to 100, or an unknown unit.

    Example:
        >>> perturb = low_pass(Modality("voice", "audio", (4,)), (0.5,))
        >>> clip = Padded(torch.tensor([[0.5, 0.0, -0.5, 0.0]]), torch.tensor([4]))
        >>> perturb(clip, 1, None).values
        tensor([[ 0.3536,  0.0000, -0.3536,  0.0000]])
    """
    check_levels("low-pass", modality, levels, 0, inf, above=True)
    check_option(1 <= order <= 100, where("low-pass", modality), "order", order, "a whole number from 1 to 100")
    check_option(unit in ("nyquist", "hertz"), where("low-pass", modality), "unit", unit, "'nyquist' or 'hertz'")
    nyquist = sample_rate(modality) / 2 if unit == "hertz" else 1.0

    def perturb(inputs: Padded, severity: int, noise: Noise) -> Padded:
        cutoff = levels[severity - 1] / nyquist

        def filtered(row: int, wave: Tensor) -> Tensor:
            return scaled(wave, torch.from_numpy(butterworth(len(wave), cutoff, order)).to(wave.device))

        return finished(inputs, row_by_row(inputs, filtered), modality)

    return perturb


def butterworth(steps: int, cutoff: float, order: int) -> np.ndarray:
    """Magnitudes at the ``steps // 2 + 1`` frequencies of a clip; ``cutoff`` as a share of the Nyquist frequency.

    Example:
        >>> butterworth(4, cutoff=1.0, order=1).round(4).tolist()
        [1.0, 0.8944, 0.7071]
    """
    share = 2 * np.arange(steps // 2 + 1) / steps / cutoff
    with np.errstate(over="ignore"):
        return np.asarray(1 / np.sqrt(1 + share ** (2 * order)))
