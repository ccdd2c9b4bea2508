"""Time series: what vectors, sequences, audio and spectrograms have in common."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from brownout_features.entries import Entries, values_of
from brownout_registry import Noise, Padded


@dataclass(frozen=True)
class Series:
    """A batch as T steps of D columns.

    A vector is a series of its entries and audio one of its samples, each with one column; a step of a spectrogram
    is one of its columns, with all rows and channels.

    Attributes:
        values: ``[B, T, D]``.
        lengths: int64 ``[B]`` on the CPU, real steps of each sample.
    """

    values: Tensor
    lengths: Tensor

    @property
    def steps(self) -> Tensor:
        """int64 ``[1, T]`` on the CPU: 0, 1, ..."""
        return torch.arange(self.values.shape[1])[None]


def series_of(inputs: Entries) -> Series:
    """The steps of a batch.

    Example:
        >>> series_of(torch.zeros(4, 7)).values.shape, series_of(torch.zeros(4, 2, 5, 9)).values.shape
        (torch.Size([4, 7, 1]), torch.Size([4, 9, 10]))
    """
    values = values_of(inputs)
    if values.dim() == 4:
        steps = values.movedim(-1, 1).flatten(2)
    else:
        steps = values if values.dim() == 3 else values[..., None]
    whole = torch.full((len(steps),), steps.shape[1])
    return Series(steps, inputs.lengths.cpu() if isinstance(inputs, Padded) else whole)


def like(inputs: Entries, steps: Tensor) -> Tensor:
    """``steps`` ``[B, T, D]`` (or ``[B, T, 1]``, the same for all columns) in the axes of the values of ``inputs``.

    Example:
        >>> batch = torch.rand(4, 2, 5, 9)
        >>> torch.equal(like(batch, series_of(batch).values), batch)
        True
    """
    values = values_of(inputs)
    if values.dim() == 4:
        channels, rows = values.shape[1:3] if steps.shape[2] > 1 else (1, 1)
        return steps.reshape(*steps.shape[:2], channels, rows).movedim(1, -1)
    return steps if values.dim() == 3 else steps[..., 0]


def taken(series: Series, index: Tensor) -> Tensor:
    """``[B, T, D]``: the steps at ``index`` ``[B, T]``."""
    values = series.values
    return values.gather(1, index.to(values.device)[..., None].expand(-1, -1, values.shape[2]))


def at(series: Series, position: Tensor) -> Tensor:
    """``[B, T, D]``: the series at float64 ``[B, T]`` positions between its steps, linearly interpolated.

    Example:
        >>> ramp = series_of(torch.tensor([[0.0, 10.0, 20.0]]))
        >>> at(ramp, torch.tensor([[0.0, 0.25, 2.0]])).flatten()
        tensor([ 0.0000,  2.5000, 20.0000])
    """
    last = (series.lengths - 1).clamp(min=0)[:, None]
    position = torch.minimum(position.clamp(min=0), last)
    before = position.floor().long()
    weight = (position - before)[..., None].to(series.values)
    low, high = taken(series, before), taken(series, torch.minimum(before + 1, last))
    return low + weight * (high - low)


def step_draws(series: Series, noise: Noise, label: str, draw: Callable[[Entries, Noise, str], Tensor]) -> Tensor:
    """``[B, T]``: one draw (`draws.uniform` or `draws.normal`) for each step, whatever the batch's longest sample."""
    return draw(Padded(series.values[..., 0], series.lengths), noise, label)
