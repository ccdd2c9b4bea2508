"""Misalignment: one modality comes late or early against the others."""

from __future__ import annotations

from collections.abc import Sequence
from math import inf
from typing import Literal

import torch
from torch import Tensor

from brownout_features.checks import check_fill, check_kind, check_levels
from brownout_features.entries import Entries, replaced, values_of
from brownout_features.kinds import TIMED
from brownout_features.series import Series, like, series_of, taken
from brownout_registry import Modality, Noise, Perturbation, UsageError, check_choice

Unit = Literal["share", "milliseconds", "steps"]
Direction = Literal["either", "late", "early"]
UNITS, DIRECTIONS, EDGES = ("share", "milliseconds", "steps"), ("either", "late", "early"), ("fill", "circular")


def time_shift(
    modality: Modality,
    levels: Sequence[float],
    *,
    unit: Unit = "share",
    direction: Direction = "either",
    edge: Literal["fill", "circular"] = "fill",
    fill: float = 0.0,
) -> Perturbation:
    """Shift a sample in time, so that it is no longer aligned with its other modalities.

    A share is one of the sample's own length; a shift is rounded to steps, of which there is one at least, and at
    most the whole length. What is pushed over the end is lost, or comes back at the other one (``circular``): there
    half the length is the farthest, three quarters late are one quarter early and the whole length is none. So a
    circular shift is at most half the length, rounded down.

    Args:
        modality: a sequence, audio, or a spectrogram, whose steps are its columns.
        levels: how far, at severities 1, 2, ...
        unit: of a level: ``share``, ``milliseconds`` (needs a sample rate) or ``steps``.
        direction: ``late``: everything happens later; ``early``; ``either``: of each sample one of them, with equal
            chances and the same at every severity.
        edge: what stands where nothing is left: the ``fill``, or what was pushed out.
        fill: brought into the declared range. In decibels 0 may be the loudest value: give the quietest there.

    Returns:
        ``perturb(inputs, severity, noise)`` on `brownout_registry.Padded` or ``[B, C, F, T]``.

    Raises:
        UsageError: a share above 1 (circular: above 0.5), steps that are not whole, milliseconds without a sample
            rate, a fill that is no finite number, an unknown choice.

    Example:
        >>> from brownout_registry import Padded
        >>> clip = Padded(torch.tensor([[1.0, 2.0, 3.0, 4.0, 0.0]]), torch.tensor([4]))
        >>> voice = Modality("voice", "audio", (5,), sample_rate=1000)
        >>> time_shift(voice, (0.25,), direction="late")(clip, 1, None).values
        tensor([[0., 1., 2., 3., 0.]])
        >>> time_shift(voice, (1,), unit="milliseconds", direction="early", edge="circular")(clip, 1, None).values
        tensor([[2., 3., 4., 1., 0.]])
    """
    _check(modality, levels, unit, direction, edge, fill)
    rate = {"milliseconds": (modality.sample_rate or 0) / 1000}.get(unit, 1.0)

    def perturb(inputs: Entries, severity: int, noise: Noise) -> Entries:
        series = series_of(inputs)
        most = series.lengths // 2 if edge == "circular" else series.lengths
        steps = _steps(series, levels[severity - 1] * rate, unit).minimum(most)[:, None]
        source = series.steps - _signed(steps, direction, noise)
        last = (series.lengths - 1).clamp(min=0)[:, None]
        around = taken(series, source % (last + 1) if edge == "circular" else source.clamp(min=0).minimum(last))
        lost = like(inputs, ((source < 0) | (source > last))[..., None]).to(values_of(inputs).device)
        values = like(inputs, around)
        return replaced(inputs, values.masked_fill(lost, fill) if edge == "fill" else values, modality.range)

    return perturb


def _steps(series: Series, level: float, unit: Unit) -> Tensor:
    """int64 ``[B]``: by how many steps each sample is shifted, at most its length."""
    steps = (level * (series.lengths.double() if unit == "share" else torch.ones(len(series.lengths)))).round()
    return steps.clamp(min=1 if level > 0 else 0).minimum(series.lengths).long()


def _signed(steps: Tensor, direction: Direction, noise: Noise) -> Tensor:
    """Steps ``[B, 1]`` by which each sample comes late, negative where it comes early."""
    if direction == "either":
        return torch.where(noise.uniform("direction").cpu()[:, None] < 0.5, steps, -steps)
    return steps if direction == "late" else -steps


def _check(modality: Modality, levels: Sequence[float], unit: str, direction: str, edge: str, fill: float) -> None:
    where = f"perturbation 'time-shift' of {modality.name!r}"
    check_kind("time-shift", modality, TIMED)
    for option, value, choices in (("unit", unit, UNITS), ("direction", direction, DIRECTIONS), ("edge", edge, EDGES)):
        check_choice(where, option, value, choices)
    check_levels("time-shift", modality, levels, largest=1 if unit == "share" else inf)
    if unit == "share" and edge == "circular" and any(level > 0.5 for level in levels):
        expected = "shares of at most 0.5: around the edge 'circular' half the length is the farthest"
        raise UsageError(f"{where}: levels are {tuple(levels)}, expected {expected}")
    if unit == "steps" and any(level != int(level) for level in levels):
        raise UsageError(f"{where}: levels are {tuple(levels)}, expected whole numbers of steps")
    if unit == "milliseconds" and not modality.sample_rate:
        raise UsageError(f"{where}: unit is 'milliseconds', but the modality declares no sample rate: use 'share'")
    check_fill(where, fill)
