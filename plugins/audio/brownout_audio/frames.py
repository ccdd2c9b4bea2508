"""Lost frames."""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil

import torch

from brownout_audio.checks import where
from brownout_audio.fills import TIME, Fill, Sound, check_masking, masked, muted
from brownout_audio.waves import sample_rate, width
from brownout_registry import Modality, Noise, Padded, Perturbation, check_option


def frame_dropout(
    modality: Modality, levels: Sequence[float], *, seconds: float = 0.02, fill: Fill = "silence"
) -> Perturbation:
    """Lost packets: each frame is masked with probability p on its own (Liang et al. 2021, structured drop).

    A frame is one column of a spectrogram, or ``seconds`` of audio. Each has one draw, the same at every severity.

    Args:
        modality: audio or a spectrogram.
        levels: probabilities of severities 1, 2, ...
        seconds: length of a frame of audio (at least one step; 16 kHz where no sample rate is declared).
        fill: see `brownout_audio.masking.time_masking`.

    Returns:
        ``perturb(sound, severity, noise)`` on `brownout_registry.Padded` or ``[B, C, F, T]``.

    Raises:
        UsageError: a level outside [0, 1], or an option out of range.

    Example:
        >>> class Rising:
        ...     def uniform(self, label, shape=()):
        ...         return torch.linspace(0, 0.9, *shape)[None]
        >>> perturb = frame_dropout(Modality("voice", "audio", (6,), sample_rate=100), (0.1, 0.5))
        >>> clip = Padded(torch.full((1, 6), 0.5), torch.tensor([6]))
        >>> perturb(clip, 1, Rising()).values, perturb(clip, 2, Rising()).values
        (tensor([[0.0000, 0.0000, 0.5000, 0.5000, 0.5000, 0.5000]]),
         tensor([[0.0000, 0.0000, 0.0000, 0.0000, 0.5000, 0.5000]]))
    """
    check_masking("frame-dropout", modality, levels, 1, fill)
    check_option(0 < seconds <= 3600, where("frame-dropout", modality), "seconds", seconds, "above 0, at most 3600 s")
    frame = max(1, round(seconds * sample_rate(modality)))

    def perturb(inputs: Sound, severity: int, noise: Noise) -> Sound:
        if isinstance(inputs, Padded):
            draws = noise.uniform("frames", (ceil(width(modality) / frame),))
            frames = torch.arange(inputs.values.shape[1], device=draws.device) // frame % draws.shape[1]
            return muted(inputs, (draws < levels[severity - 1])[:, frames], fill, modality)
        gone = noise.uniform("frames", (inputs.shape[TIME],)) < levels[severity - 1]
        return masked(inputs, gone[:, None, None, :], fill, modality)

    return perturb
