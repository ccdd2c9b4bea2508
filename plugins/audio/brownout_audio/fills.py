"""What takes the place of lost steps, rows and columns."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, TypeAlias

import torch
from torch import Tensor

from brownout_audio.checks import check_levels, where
from brownout_audio.waves import finished, signal
from brownout_blocks import row_sums
from brownout_registry import Modality, Padded, check_option

Sound: TypeAlias = "Tensor | Padded"
Fill = Literal["silence", "mean"]
FREQUENCY, TIME = 2, 3


def muted(waves: Padded, gone: Tensor, fill: Fill, modality: Modality) -> Padded:
    """The clips without the steps of ``gone`` ``[B, T]`` (or ``[1, T]``)."""
    values = signal(waves)
    level = values.new_zeros(1)
    if fill == "mean":
        level = row_sums(values) / waves.lengths.clamp(min=1).to(values)
    return finished(waves, torch.where(gone.to(values.device), level[:, None], values), modality)


def masked(sound: Tensor, gone: Tensor, fill: Fill, modality: Modality) -> Tensor:
    """The spectrograms without the places of ``gone``, which is broadcastable to ``[B, C, F, T]``."""
    flat = sound.to(torch.promote_types(sound.dtype, torch.float32)).flatten(1)
    if fill == "mean":
        level = row_sums(flat) / flat.shape[1]
    else:
        level = flat.amin(1) if modality.range is None else flat.new_full((1,), modality.range[0])
    return torch.where(gone.to(sound.device), level.to(sound.dtype)[:, None, None, None], sound)


def check_masking(name: str, modality: Modality, levels: Sequence[float], chunk: float, fill: str) -> None:
    """Refuse levels that are no shares, and options out of range."""
    check_levels(name, modality, levels, 0, 1)
    check_option(0.001 <= chunk <= 1, where(name, modality), "chunk", chunk, "a share from 0.001 to 1")
    check_option(fill in ("silence", "mean"), where(name, modality), "fill", fill, "'silence' or 'mean'")
