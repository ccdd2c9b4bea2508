"""The mel scale, and filters that are triangles on it."""

from __future__ import annotations

import torch
from torch import Tensor


def hertz_to_mel(hertz: Tensor) -> Tensor:
    r"""The HTK formula :math:`m = 2595 \log_{10}(1 + f / 700)`.

    Example:
        >>> hertz_to_mel(torch.tensor([0.0, 1000.0]))
        tensor([  0.0000, 999.9855])
    """
    return 2595 * torch.log10(1 + hertz / 700)


def mel_to_hertz(mel: Tensor) -> Tensor:
    r"""Its inverse :math:`f = 700 (10^{m / 2595} - 1)`."""
    return 700 * (10 ** (mel / 2595) - 1)


def mel_filters(mels: int, n_fft: int, sample_rate: int, fmin: float, fmax: float) -> Tensor:
    """Triangles of height 1 whose corners are evenly spaced in mel.

    Filter k rises from corner k to corner k + 1 and falls to corner k + 2, linearly in Hz; the first corner is
    ``fmin``, the last ``fmax`` (both Hz).

    Returns:
        float32 ``[mels, n_fft // 2 + 1]``: the weight of each frequency bin.

    Example:
        >>> mel_filters(2, n_fft=8, sample_rate=8000, fmin=0.0, fmax=4000.0)
        tensor([[0.0000, 0.6759, 0.0000, 0.0000, 0.0000],
                [0.0000, 0.3241, 0.9055, 0.4528, 0.0000]])
    """
    ends = hertz_to_mel(torch.tensor([fmin, fmax], dtype=torch.float64))
    corners = mel_to_hertz(torch.linspace(float(ends[0]), float(ends[1]), mels + 2, dtype=torch.float64))[:, None]
    bins = torch.linspace(0, sample_rate / 2, n_fft // 2 + 1, dtype=torch.float64)
    rising = (bins - corners[:-2]) / (corners[1:-1] - corners[:-2])
    falling = (corners[2:] - bins) / (corners[2:] - corners[1:-1])
    return torch.minimum(rising, falling).clamp(min=0).float()
