"""Filtering one wave at a time by its spectrum, with the same bits in any batch and worker.

On the CPU numpy transforms, in double precision: the bits of torch's transforms depend on the number of threads.
"""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor


def scaled(wave: Tensor, response: Tensor) -> Tensor:
    """The wave ``[n]`` whose spectrum is multiplied by real factors ``[n // 2 + 1]``."""
    spectrum = _forward(wave, len(wave))
    return _backward(torch.complex(spectrum.real * response, spectrum.imag * response), len(wave))


def convolved(wave: Tensor, kernel: Tensor) -> Tensor:
    """The first n values of the linear convolution of two waves ``[n]``.

    Example:
        >>> convolved(torch.tensor([1.0, 0.0, 2.0]), torch.tensor([3.0, 1.0, 0.5])).round(decimals=6)
        tensor([3.0000, 1.0000, 6.5000], dtype=torch.float64)
    """
    size = 1 << (2 * len(wave) - 1).bit_length()
    a, b = _forward(wave, size), _forward(kernel, size)
    product = torch.complex(a.real * b.real - a.imag * b.imag, a.real * b.imag + a.imag * b.real)
    return _backward(product, size)[: len(wave)]


def _forward(wave: Tensor, size: int) -> Tensor:
    spectrum: Tensor
    if wave.device.type == "cpu":
        spectrum = torch.from_numpy(np.fft.rfft(wave.double().numpy(), size))
    else:
        spectrum = torch.fft.rfft(wave.double(), size)
    return spectrum


def _backward(spectrum: Tensor, size: int) -> Tensor:
    wave: Tensor
    if spectrum.device.type == "cpu":
        wave = torch.from_numpy(np.fft.irfft(spectrum.numpy(), size))
    else:
        wave = torch.fft.irfft(spectrum, size)
    return wave
