"""Waveforms: what is real, how strong it is, and one draw for each step.

Every number is made of elementwise operations in an order that neither the batch nor the padding can change,
so that a sample's result has the same bits in any batch.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn.functional import pad

from brownout_blocks import row_sums
from brownout_registry import Modality, Padded

RATE = 16000


def sample_rate(modality: Modality) -> int:
    """Steps per second; 16 kHz where the modality declares none.

    Example:
        >>> sample_rate(Modality("voice", "audio", (9,), sample_rate=8000)), sample_rate(Modality("v", "audio", (9,)))
        (8000, 16000)
    """
    return modality.sample_rate or RATE


def real(waves: Padded) -> Tensor:
    """Bool ``[B, T]``: True where a step is not padding.

    Example:
        >>> real(Padded(torch.zeros(2, 3), torch.tensor([1, 3])))
        tensor([[ True, False, False],
                [ True,  True,  True]])
    """
    values = waves.values
    return torch.arange(values.shape[1], device=values.device) < waves.lengths.to(values.device)[:, None]


def signal(waves: Padded) -> Tensor:
    """The values ``[B, T]`` in at least single precision, 0 at padding."""
    wide = waves.values.to(torch.promote_types(waves.values.dtype, torch.float32))
    return torch.where(real(waves), wide, 0)


def root_mean_square(values: Tensor, waves: Padded) -> Tensor:
    """``[B, 1]`` over the real steps; ``values`` are 0 at padding.

    Example:
        >>> clips = Padded(torch.tensor([[0.3, 0.4, 0.0], [0.0, 0.0, 0.0]]), torch.tensor([2, 3]))
        >>> root_mean_square(clips.values, clips).flatten()
        tensor([0.3536, 0.0000])
    """
    counts = waves.lengths.clamp(min=1).to(values)
    return (row_sums(values * values) / counts).sqrt()[:, None]


def peak(values: Tensor) -> Tensor:
    """Largest magnitude ``[B, 1]``."""
    return pad(values.abs(), (0, 1)).amax(1, keepdim=True)


def at_steps(draws: Tensor, values: Tensor) -> Tensor:
    """Draws ``[B, W]`` at the T steps of ``values`` ``[B, T]``, on their device.

    Draws are made on the modality's declared length W, so they do not depend on the padding of a batch. Should a
    sample be longer than declared, they start again.
    """
    steps, width = values.shape[1], draws.shape[1]
    kept = draws[:, :steps] if steps <= width else draws[:, torch.arange(steps, device=draws.device) % width]
    return kept.to(values.device)


def width(modality: Modality) -> int:
    """How many draws a sample gets: the modality's declared length."""
    return max(1, modality.shape[0])


def row_by_row(waves: Padded, change: Callable[[int, Tensor], Tensor]) -> Tensor:
    """``[B, T]`` of ``change(row, wave)``, where ``wave`` holds the real steps of that row; 0 at padding."""
    values = signal(waves)
    out = torch.zeros_like(values)
    for row, length in enumerate(waves.lengths.tolist()):
        if length:
            out[row, :length] = change(row, values[row, :length]).to(out)
    return out


def finished(waves: Padded, values: Tensor, modality: Modality) -> Padded:
    """The perturbed batch: clipped to the modality's range, by default [-1, 1], 0 at padding."""
    clipped = values.to(waves.values.dtype).clamp(*(modality.range or (-1.0, 1.0)))
    return Padded(torch.where(real(waves), clipped, 0), waves.lengths)
