"""Recorded background noise."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from brownout_audio.checks import DECIBELS, check_levels, where
from brownout_audio.noises import mixed
from brownout_audio.recordings import find_recordings
from brownout_audio.wav_files import FASTEST
from brownout_audio.waves import sample_rate
from brownout_registry import Modality, Noise, Padded, Perturbation, above, check_number


def background_noise(
    modality: Modality, levels: Sequence[float], *, folder: str, npy_rate: int | None = None
) -> Perturbation:
    """A stretch of a recording from a folder, mixed in at a signal-to-noise ratio; see `brownout_audio.noises`.

    Each sample has its own recording and place in it, drawn with equal chances and the same at every severity. A
    recording that ends starts again. It is brought to the modality's sample rate (16 kHz where none is declared) by
    linear interpolation, its channels are averaged. Where the stretch is silent, so is the noise.

    Args:
        modality: of kind audio.
        levels: signal-to-noise ratios of severities 1, 2, ..., dB.
        folder: with ``.wav`` files (PCM of 8, 16, 24 or 32 bits, floats of 32 or 64; at most 1 MHz) or ``.npy`` files
            (one axis, numbers of any scale), in any depth. Which recording a sample gets depends on the sorted names.
        npy_rate: sample rate of the ``.npy`` files, Hz, at most 1 MHz; None for the modality's.

    Returns:
        ``perturb(waves, severity, noise)`` on `brownout_registry.Padded`.

    Raises:
        UsageError: a level outside [-100, 200] dB, a folder that is missing or holds no recording, a file that is none,
            or a rate out of range.

    Example:
        >>> from pathlib import Path
        >>> from tempfile import TemporaryDirectory
        >>> class Zeros:
        ...     def uniform(self, label, shape=()):
        ...         return torch.zeros(1, *shape)
        >>> with TemporaryDirectory() as folder:
        ...     np.save(Path(folder) / "hum.npy", np.array([1, -1]))
        ...     perturb = background_noise(Modality("voice", "audio", (3,)), (20.0,), folder=folder)
        ...     perturb(Padded(torch.full((1, 3), 0.5), torch.tensor([3])), 1, Zeros()).values
        tensor([[0.5500, 0.4500, 0.5500]])
    """
    name = "background-noise"
    check_levels(name, modality, levels, *DECIBELS)
    if npy_rate is not None:
        expected = f"a positive rate in Hz, at most {FASTEST}"
        check_number(where(name, modality), "npy_rate", npy_rate, expected, above(0), FASTEST)
    rate = sample_rate(modality)
    recordings = find_recordings(folder, npy_rate or rate, where(name, modality))

    def perturb(inputs: Padded, severity: int, noise: Noise) -> Padded:
        chosen = noise.uniform("recording").cpu().double() * len(recordings)
        places = noise.uniform("place").cpu().double()
        background = torch.zeros(inputs.values.shape)
        for row, length in enumerate(inputs.lengths.tolist()):
            stretch = recordings[int(chosen[row])].stretch(float(places[row]), length, rate)
            background[row, :length] = _unit(stretch)
        return mixed(inputs, background.to(inputs.values.device), levels[severity - 1], modality)

    return perturb


def _unit(stretch: np.ndarray) -> Tensor:
    """Scaled to a peak of 1, so that the recording's own level (16 bits or decibels below) costs no precision."""
    peak = float(np.abs(stretch).max(initial=0))
    return torch.from_numpy(stretch / peak if peak > 0 else stretch).float()
