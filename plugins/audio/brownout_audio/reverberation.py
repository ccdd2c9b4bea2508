"""Reverberation: the recording of a hard room."""

from __future__ import annotations

from collections.abc import Sequence
from math import log, sqrt

import numpy as np
import torch
from torch import Tensor

from brownout_audio.checks import check_levels, where
from brownout_audio.spectra import convolved
from brownout_audio.waves import at_steps, finished, root_mean_square, row_by_row, sample_rate, signal, width
from brownout_registry import Modality, Noise, Padded, Perturbation, check_option


def reverberation(modality: Modality, levels: Sequence[float], *, direct: float = 0.0) -> Perturbation:
    r"""Convolution with a synthetic impulse response: the direct sound and a tail of decaying noise (Moorer 1979).

    With n ~ N(0, 1) at each step and T the reverberation time RT60, in which the tail falls by 60 dB,

    .. math:: h_0 = 1, \qquad h_t = a\, n_t\, 10^{-3 t / (T f)}, \qquad
        a^2 = \frac{6 \ln 10}{f} 10^{-\mathrm{direct} / 10} .

    The tail's energy is T 10^(-direct/10) on average: as in a room of given size, the ratio of direct to reverberant
    energy falls by 3 dB when T doubles (Sabine). The tail is cut at the clip's end, and the result is brought back to
    the clip's own root mean square, as a recording level would be. Silence stays silence.

    Args:
        modality: of kind audio, f steps per second (16 kHz where it declares no sample rate).
        levels: reverberation times of severities 1, 2, ..., seconds.
        direct: ratio of direct to reverberant energy in a room with T = 1 s, dB.

    Returns:
        ``perturb(waves, severity, noise)`` on `brownout_registry.Padded`; n is the same at every severity.

    Raises:
        UsageError: a level that is not above 0 or above 100 s, or a ratio outside [-60, 60] dB.

    Example:
        >>> class Ones:
        ...     def normal(self, label, shape=()):
        ...         return torch.ones(1, *shape)
        >>> perturb = reverberation(Modality("voice", "audio", (4,), sample_rate=10), (0.1, 1.0))
        >>> click = Padded(torch.tensor([[0.8, 0.0, 0.0, 0.0]]), torch.tensor([4]))
        >>> perturb(click, 1, Ones()).values, perturb(click, 2, Ones()).values
        (tensor([[8.0000e-01, 9.4031e-04, 9.4031e-07, 9.4031e-10]]), tensor([[0.6630, 0.3906, 0.1957, 0.0981]]))
    """
    check_levels("reverberation", modality, levels, 0, 100, above=True)
    check_option(-60 <= direct <= 60, where("reverberation", modality), "direct", direct, "a ratio from -60 to 60 dB")
    rate = sample_rate(modality)

    def perturb(inputs: Padded, severity: int, noise: Noise) -> Padded:
        values = signal(inputs)
        envelope = torch.from_numpy(tail_envelope(values.shape[1], levels[severity - 1] * rate, direct, rate))
        tails = at_steps(noise.normal("tail", (width(modality),)), values) * envelope.to(values.device)

        def echoes(row: int, wave: Tensor) -> Tensor:
            return wave + convolved(wave, tails[row, : len(wave)])

        wet = row_by_row(inputs, echoes)
        loudness = root_mean_square(wet, inputs)
        kept = torch.where(loudness > 0, root_mean_square(values, inputs) / loudness, 1)
        return finished(inputs, wet * kept, modality)

    return perturb


def tail_envelope(steps: int, decay: float, direct: float, rate: float) -> np.ndarray:
    """Standard deviation of the impulse response at each step, 0 at the direct sound; 60 dB less after ``decay``."""
    envelope = sqrt(6 * log(10) / rate) * 10 ** (-direct / 20) * 10 ** (-3 * np.arange(steps) / decay)
    envelope[:1] = 0
    return np.asarray(envelope)
