"""A recording that is cut off or too quiet."""

from __future__ import annotations

from collections.abc import Sequence

import torch

from brownout_audio.checks import check_levels
from brownout_audio.waves import finished, peak, signal
from brownout_registry import Modality, Noise, Padded, Perturbation


def clipping(modality: Modality, levels: Sequence[float]) -> Perturbation:
    """An overdriven recording: magnitudes above a share of the sample's own peak are cut off there.

    Args:
        modality: of kind audio.
        levels: what is left of the peak at severities 1, 2, ..., as a share.

    Returns:
        ``perturb(waves, severity, noise)`` on `brownout_registry.Padded`; nothing is drawn.

    Raises:
        UsageError: a level outside [0, 1].

    Example:
        >>> perturb = clipping(Modality("voice", "audio", (3,)), (0.5,))
        >>> perturb(Padded(torch.tensor([[0.8, -0.6, 0.1]]), torch.tensor([3])), 1, None).values
        tensor([[ 0.4000, -0.4000,  0.1000]])
    """
    check_levels("clipping", modality, levels, 0, 1)

    def perturb(inputs: Padded, severity: int, noise: Noise) -> Padded:
        values = signal(inputs)
        limit = peak(values) * levels[severity - 1]
        return finished(inputs, torch.maximum(torch.minimum(values, limit), -limit), modality)

    return perturb


def gain(modality: Modality, levels: Sequence[float]) -> Perturbation:
    """Another recording level: y = 10^(gain / 20) x, clipped to the modality's range.

    Args:
        modality: of kind audio.
        levels: gains of severities 1, 2, ..., dB; negative ones attenuate.

    Returns:
        ``perturb(waves, severity, noise)`` on `brownout_registry.Padded`; nothing is drawn.

    Raises:
        UsageError: a level outside [-100, 100] dB.

    Example:
        >>> perturb = gain(Modality("voice", "audio", (2,)), (-20.0, 20.0))
        >>> clip = Padded(torch.tensor([[0.5, -0.05]]), torch.tensor([2]))
        >>> perturb(clip, 1, None).values, perturb(clip, 2, None).values
        (tensor([[ 0.0500, -0.0050]]), tensor([[ 1.0000, -0.5000]]))
    """
    check_levels("gain", modality, levels, -100, 100)

    def perturb(inputs: Padded, severity: int, noise: Noise) -> Padded:
        return finished(inputs, signal(inputs) * 10 ** (levels[severity - 1] / 20), modality)

    return perturb
