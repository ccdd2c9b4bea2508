"""The log-mel spectrogram."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn.functional import pad

from brownout_audio.mel import mel_filters
from brownout_registry import Modality, Padded, Representation, UsageError

SILENCE = 1e-10


class LogMel(nn.Module):
    r"""Log-mel spectrogram of a waveform: differentiable, without parameters.

    With the power :math:`P = |\mathrm{STFT}(x)|^2` (Hann window of ``n_fft`` samples, every ``hop`` samples,
    frames centred, zeros beyond the ends) and the filters :math:`F` of `mel_filters`,

    .. math:: Y = 1 - \frac{\max(10 \log_{10}(F P / \max F P),\ \mathrm{floor})}{\mathrm{floor}} \in [0, 1].

    0 dB is the largest mel power of the same clip, so :math:`Y` does not depend on the clip's loudness: 1 stands
    for that maximum, 0 for ``floor`` dB below it or less. A clip whose maximum is under 1e-10 counts as silent:
    1e-10 takes the maximum's place, and digital silence gives zeros.

    Shapes: `Padded` float32 ``[B, T]`` in [-1, 1] to the map ``[B, 1, mels, 1 + seconds · sample_rate // hop]``,
    lowest frequency first.

    Args:
        modality: of kind audio, with its sample rate.
        seconds: duration; longer clips lose their end, shorter ones are filled with zeros.
        n_fft: samples of a window.
        hop: samples from one window to the next.
        mels: number of filters.
        fmin: lowest frequency, Hz.
        fmax: highest frequency, Hz; None for half the sample rate.
        floor: lowest level, dB, negative.

    Example:
        >>> encoder = LogMel(Modality("speech", "audio", (8000,), sample_rate=8000), seconds=1.0)
        >>> clips = Padded(torch.rand(2, 6000) * 2 - 1, torch.tensor([6000, 4000]))
        >>> encoder(clips).shape, encoder.representation.shape
        (torch.Size([2, 1, 64, 63]), (1, 64, 63))

    Raises:
        UsageError: no sample rate, an option out of range, or filters too narrow for ``n_fft``.
    """

    window: Tensor
    filters: Tensor

    def __init__(
        self,
        modality: Modality,
        *,
        seconds: float,
        n_fft: int = 256,
        hop: int = 128,
        mels: int = 64,
        fmin: float = 0.0,
        fmax: float | None = None,
        floor: float = -80.0,
    ) -> None:
        super().__init__()
        rate = _sample_rate(modality)
        top = rate / 2 if fmax is None else fmax
        _require(0 <= fmin < top <= rate / 2, f"fmin {fmin} and fmax {top}", f"0 <= fmin < fmax <= {rate / 2} Hz")
        _require(floor < 0, f"option 'floor' is {floor}", "a negative level in dB")
        _require(min(n_fft, hop, mels) > 0, f"n_fft {n_fft}, hop {hop}, mels {mels}", "positive numbers")
        self.samples, self.n_fft, self.hop, self.floor = round(seconds * rate), n_fft, hop, floor
        _require(self.samples > 0, f"option 'seconds' is {seconds}", f"at least one sample at {rate} Hz")
        self.register_buffer("window", torch.hann_window(n_fft), persistent=False)
        self.register_buffer("filters", mel_filters(mels, n_fft, rate, fmin, top), persistent=False)
        empty = int((self.filters.sum(dim=1) == 0).sum())
        _require(not empty, f"{empty} of {mels} mel filters contain no frequency bin", f"fewer mels or n_fft > {n_fft}")
        self.representation = Representation("map", (1, mels, 1 + self.samples // hop))

    def forward(self, inputs: Padded) -> Tensor:
        """The spectrograms ``[B, 1, mels, frames]``."""
        spectrum = torch.stft(
            self._clips(inputs),
            self.n_fft,
            self.hop,
            window=self.window,
            pad_mode="constant",
            return_complex=True,
        )
        mel = self.filters @ (spectrum.real**2 + spectrum.imag**2)
        loudest = mel.amax(dim=(1, 2), keepdim=True).clamp(min=SILENCE)
        level = 10 * torch.log10((mel / loudest).clamp(min=10 ** (self.floor / 10)))
        return (1 - level / self.floor)[:, None]

    def _clips(self, inputs: Padded) -> Tensor:
        """Waveforms ``[B, samples]``, zero behind each end."""
        values = inputs.values[:, : self.samples]
        real = torch.arange(values.shape[1], device=values.device) < inputs.lengths[:, None]
        return pad(torch.where(real, values, 0.0), (0, self.samples - values.shape[1]))


def _sample_rate(modality: Modality) -> int:
    _require(modality.sample_rate is not None, f"modality {modality.name!r} declares no sample rate", "one, in Hz")
    return int(modality.sample_rate or 0)


def _require(holds: bool, wrong: str, right: str) -> None:
    if not holds:
        raise UsageError(f"encoder 'log-mel': {wrong}; expected {right}")
