"""Inputs of every kind that the kit feeds components with; importing this imports torch."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from torch.nn.functional import interpolate

from brownout_registry import Inputs, Kind, Modality, Padded

TEXTS = (
    "the quick brown fox jumps over the lazy dog " * 4,
    "",
    "seven small happy birds sing",
    "ein Wort",
    "好 词",
    "a b",
)
SHARES = (1.0, 0.5, 0.75, 1.0, 0.9, 0.6)
SHAPES: dict[Kind, tuple[int, ...]] = {
    "image": (3, 32, 40),
    "spectrogram": (1, 32, 40),
    "depth": (1, 32, 40),
    "vector": (12,),
    "audio": (4000,),
    "sequence": (40, 3),
    "text": (),
}
RANGES: dict[Kind, tuple[float, float]] = {
    "image": (0.0, 1.0),
    "spectrogram": (0.0, 1.0),
    "depth": (0.0, 10.0),
    "audio": (-1.0, 1.0),
}
RATES: dict[Kind, int] = {"audio": 8000, "sequence": 50}


def modality_of_kind(kind: Kind, name: str = "", shape: tuple[int, ...] | None = None) -> Modality:
    """A modality of a kind, named after it unless told otherwise; depth goes from 0 to 10.

    Example:
        >>> modality_of_kind("vector", shape=(2,))
        Modality(name='vector', kind='vector', shape=(2,), range=None, sample_rate=None, scale=(1.0, 1.0))
    """
    shape = SHAPES[kind] if shape is None else shape
    scale = (1.0,) * shape[-1] if kind in ("vector", "sequence") else None
    return Modality(name or kind, kind, shape, range=RANGES.get(kind), sample_rate=RATES.get(kind), scale=scale)


def inputs_of(kind: Kind, rows: int = 6, shape: tuple[int, ...] | None = None, seed: int = 0) -> Inputs:
    """So many samples of `modality_of_kind`: smooth pictures and signals, unequal lengths, an empty text.

    Example:
        >>> inputs_of("text", 2)[1], inputs_of("vector", 4).shape, inputs_of("audio", 2).lengths
        ('', torch.Size([4, 12]), tensor([4000, 2000]))
    """
    if kind == "text":
        return [TEXTS[row % len(TEXTS)] for row in range(rows)]
    modality = modality_of_kind(kind, shape=shape)
    draws = torch.Generator().manual_seed(seed)
    if kind in ("image", "spectrogram", "depth"):
        return _pictures(modality, rows, draws)
    if kind == "vector":
        return torch.randn(rows, *modality.shape, generator=draws)
    values = _signals(rows, modality.shape, draws)
    shares = torch.tensor([SHARES[row % len(SHARES)] for row in range(rows)])
    lengths = (shares * modality.shape[0]).long().clamp(min=1)
    return pad_behind((values * 0.2).clamp(-1, 1) if kind == "audio" else values, lengths)


def constant_of(kind: Kind, value: float, rows: int = 2, shape: tuple[int, ...] | None = None) -> Inputs:
    """Samples that hold one number everywhere (within the declared range); for text, the empty text.

    Example:
        >>> constant_of("vector", 3.0, 1, (2,))
        tensor([[3., 3.]])
    """
    if kind == "text":
        return [""] * rows
    modality = modality_of_kind(kind, shape=shape)
    low, high = modality.range or (value, value)
    values = torch.full((rows, *modality.shape), min(max(value, low), high))
    full = torch.full((rows,), modality.shape[0] if modality.shape else 0)
    return Padded(values, full) if kind in ("audio", "sequence") else values


def pad_behind(values: Tensor, lengths: Tensor, padding: float = 0.0) -> Padded:
    """Overwrite what lies behind each sample's end.

    Example:
        >>> pad_behind(torch.ones(1, 3), torch.tensor([2])).values
        tensor([[1., 1., 0.]])
    """
    real = torch.arange(values.shape[1]) < lengths[:, None]
    return Padded(torch.where(real.reshape(*real.shape, *[1] * (values.ndim - 2)), values, padding), lengths)


def copy_of(inputs: Any) -> Any:
    """The same content elsewhere in memory."""
    if isinstance(inputs, Padded):
        return Padded(inputs.values.clone(), inputs.lengths.clone())
    return inputs.clone() if isinstance(inputs, Tensor) else list(inputs)


def numbers(inputs: Any) -> Tensor:
    """The tensor of inputs that are no text."""
    values: Tensor = inputs.values if isinstance(inputs, Padded) else inputs
    return values


def same(one: Any, other: Any) -> bool:
    """Whether two batches are equal bit by bit.

    Example:
        >>> same(["a"], ["a"]), same(torch.zeros(1), torch.ones(1))
        (True, False)
    """
    if isinstance(one, list) or isinstance(other, list):
        return bool(one == other)
    if isinstance(one, Padded) and not torch.equal(one.lengths, other.lengths):
        return False
    return torch.equal(numbers(one), numbers(other))


def _signals(rows: int, shape: tuple[int, ...], draws: torch.Generator) -> Tensor:
    """A slow course, so that near steps are alike, with noise upon it."""
    steps, width = shape[0], (shape[1:] or (1,))[0]
    slow = interpolate(torch.randn(rows, width, 6, generator=draws), size=steps, mode="linear")
    return slow.movedim(1, 2).reshape(rows, *shape) + 0.1 * torch.randn(rows, *shape, generator=draws)


def _pictures(modality: Modality, rows: int, draws: torch.Generator) -> Tensor:
    low, high = modality.range or (0.0, 1.0)
    coarse = torch.rand(rows, modality.shape[0], 4, 5, generator=draws)
    return low + (high - low) * interpolate(coarse, size=modality.shape[1:], mode="bilinear")
