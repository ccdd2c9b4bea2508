"""Masked bands: muted chunks of a clip, masked rows or columns of a spectrogram."""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor

from brownout_audio.checks import where
from brownout_audio.chunks import chunk_mask
from brownout_audio.fills import FREQUENCY, TIME, Fill, Sound, check_masking, masked, muted
from brownout_audio.waves import sample_rate
from brownout_registry import Modality, Noise, Padded, Perturbation, check_option


def time_masking(
    modality: Modality, levels: Sequence[float], *, chunk: float = 0.05, seconds: float = 0.1, fill: Fill = "silence"
) -> Perturbation:
    """Mute a share of the clip in chunks at random places; of a spectrogram, mask time bands (SpecAugment).

    AVRobustBench's interference mutes 10, 20, ..., 50 % in 2, 4, ..., 10 chunks of at least 0.1 s: so do the default
    levels where a clip lasts 2 s or more. The share is met to the step (and is at least one); a chunk that is muted at
    one severity is muted at the next. Chunks may touch, one that reaches the end goes on at the start, and the last one
    may be shorter.

    Args:
        modality: audio or a spectrogram.
        levels: share of the time axis that is masked at severities 1, 2, ...
        chunk: length of a chunk, as a share of the clip.
        seconds: shortest chunk; audio only (16 kHz where no sample rate is declared).
        fill: ``silence``: 0 in audio, in a spectrogram the lowest value of its range (of the sample where none is
            declared); ``mean``: of the sample, as SpecAugment does.

    Returns:
        ``perturb(sound, severity, noise)`` on `brownout_registry.Padded` or ``[B, C, F, T]``.

    Raises:
        UsageError: a level outside [0, 1], or an option out of range.

    Example:
        >>> import torch
        >>> class Half:
        ...     def uniform(self, label, shape=()):
        ...         return torch.full((1, *shape), 0.5)
        >>> perturb = time_masking(Modality("sound", "spectrogram", (1, 1, 8), range=(0.0, 1.0)), (0.25,), chunk=0.25)
        >>> perturb(torch.ones(1, 1, 1, 8), 1, Half())
        tensor([[[[1., 1., 1., 1., 0., 0., 1., 1.]]]])
    """
    check_masking("time-masking", modality, levels, chunk, fill)
    check_option(0 <= seconds <= 3600, where("time-masking", modality), "seconds", seconds, "0 to 3600 s")
    shortest = max(1, round(seconds * sample_rate(modality)))

    def perturb(inputs: Sound, severity: int, noise: Noise) -> Sound:
        share = levels[severity - 1]
        if isinstance(inputs, Padded):
            steps = inputs.values.shape[1]
            gone = chunk_mask(inputs.lengths.tolist(), steps, share, chunk, shortest, noise)
            return muted(inputs, gone, fill, modality)
        return masked(inputs, _axis_mask(inputs, TIME, share, chunk, noise), fill, modality)

    return perturb


def frequency_masking(
    modality: Modality, levels: Sequence[float], *, chunk: float = 0.1, fill: Fill = "silence"
) -> Perturbation:
    """Mask frequency bands of a spectrogram at random places (SpecAugment), as `time_masking` does along time.

    Args:
        modality: a spectrogram.
        levels: share of the frequency axis that is masked at severities 1, 2, ...
        chunk: width of a band, as a share of the axis.
        fill: see `time_masking`.

    Returns:
        ``perturb(sound, severity, noise)`` on ``[B, C, F, T]``.

    Raises:
        UsageError: a level outside [0, 1], or an option out of range.

    Example:
        >>> import torch
        >>> class Half:
        ...     def uniform(self, label, shape=()):
        ...         return torch.full((1, *shape), 0.5)
        >>> perturb = frequency_masking(Modality("sound", "spectrogram", (1, 4, 1), range=(0.0, 1.0)), (0.25, 0.5))
        >>> perturb(torch.ones(1, 1, 4, 1), 1, Half()).flatten(), perturb(torch.ones(1, 1, 4, 1), 2, Half()).flatten()
        (tensor([1., 1., 0., 1.]), tensor([1., 1., 0., 0.]))
    """
    check_masking("frequency-masking", modality, levels, chunk, fill)

    def perturb(inputs: Tensor, severity: int, noise: Noise) -> Tensor:
        return masked(inputs, _axis_mask(inputs, FREQUENCY, levels[severity - 1], chunk, noise), fill, modality)

    return perturb


def _axis_mask(sound: Tensor, axis: int, share: float, chunk: float, noise: Noise) -> Tensor:
    """Bool, broadcastable to ``[B, C, F, T]``."""
    extent = sound.shape[axis]
    gone = chunk_mask([extent] * len(sound), extent, share, chunk, 1, noise)
    return gone[:, None, :, None] if axis == FREQUENCY else gone[:, None, None, :]
