"""Shot noise."""

from __future__ import annotations

from collections.abc import Sequence

import torch

from brownout_audio.checks import DECIBELS, check_levels, where
from brownout_audio.noises import mixed
from brownout_audio.waves import signal
from brownout_registry import Modality, Noise, Padded, Perturbation, check_option


def shot_noise(modality: Modality, levels: Sequence[float], *, rate: float = 50.0) -> Perturbation:
    r"""Shot noise: the magnitude is counted in quanta, n = sign(x) (N - λ) with N ~ Poisson(λ), λ = rate |x|.

    So the noise power at a step is in proportion to the magnitude there, and a silent step stays silent. It is then
    scaled to a signal-to-noise ratio, see `brownout_audio.noises`; the counts are those of every severity.

    Args:
        modality: of kind audio.
        levels: signal-to-noise ratios of severities 1, 2, ..., dB.
        rate: quanta at full scale, the larger magnitude of the modality's range.

    Returns:
        ``perturb(waves, severity, noise)`` on `brownout_registry.Padded`.

    Raises:
        UsageError: a level outside [-100, 200] dB, or a rate outside (0, 1e6].

    Example:
        >>> import numpy as np
        >>> class Seeded:
        ...     def generators(self, label):
        ...         yield np.random.default_rng(0)
        >>> perturb = shot_noise(Modality("voice", "audio", (4,)), (20.0,), rate=10.0)
        >>> perturb(Padded(torch.tensor([[0.5, 0.5, 0.0, -0.5]]), torch.tensor([4])), 1, Seeded()).values
        tensor([[ 0.4500,  0.5500,  0.0000, -0.4500]])
    """
    name = "audio-shot-noise"
    check_levels(name, modality, levels, *DECIBELS)
    check_option(0 < rate <= 1e6, where(name, modality), "rate", rate, "a number above 0, at most 1e6")
    full = max(map(abs, modality.range or (-1.0, 1.0)))

    def perturb(inputs: Padded, severity: int, noise: Noise) -> Padded:
        values = signal(inputs)
        expected = (values.abs() / full).clamp(max=1).cpu() * rate
        counts = torch.zeros_like(expected)
        lengths = inputs.lengths.tolist()
        for row, length, generator in zip(range(len(inputs)), lengths, noise.generators("quanta"), strict=True):
            counts[row, :length] = torch.from_numpy(generator.poisson(expected[row, :length].numpy()))
        return mixed(inputs, values.sign() * (counts - expected).to(values.device), levels[severity - 1], modality)

    return perturb
