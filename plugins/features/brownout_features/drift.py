"""Drift: a baseline or a gain that wanders."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate
from typing import Literal

import torch
from torch import Tensor

from brownout_features.checks import check_kind, check_levels
from brownout_features.entries import Entries, replaced, values_of
from brownout_features.kinds import WAVES
from brownout_features.knots import between
from brownout_features.series import Series, like, series_of
from brownout_features.units import Unit, size_of, unit_of
from brownout_registry import Modality, Noise, Perturbation, UsageError, check_choice, check_count


def drift(
    modality: Modality,
    levels: Sequence[float],
    *,
    mode: Literal["additive", "multiplicative"] = "additive",
    knots: int = 4,
    unit: Unit = "auto",
) -> Perturbation:
    """A smooth random curve w is added to each column, or multiplies it: ``x + s u w`` or ``x (1 + s w)``.

    Additive it is the baseline wander of a sensor; multiplicative the magnitude warping of Um et al. 2017 and
    Iwana & Uchida 2021. The curve starts at 0 and walks by N(0, 1) from one of n equidistant knots to the next,
    smoothly (``3 h² - 2 h³`` of the way h between them); it is divided by its largest magnitude at the sample's own
    steps, so that a level is the largest deviation exactly, wherever the knots fall. It is the same at every severity.
    A sample of one step has no time to drift.

    Args:
        modality: a sequence or audio, or a vector, whose steps are its entries.
        levels: largest deviations s of severities 1, 2, ...
        mode: additive or multiplicative.
        knots: n, after the start.
        unit: u, of an additive level, see `brownout_features.gaussian.gaussian_noise`.

    Returns:
        ``perturb(inputs, severity, noise)`` on ``[B, D]`` or `brownout_registry.Padded`.

    Raises:
        UsageError: a level outside [0, 1e6], an option out of range, or a unit that needs a range or scale.

    Example:
        >>> class Up:
        ...     def normal(self, label, shape=()):
        ...         return torch.ones(1, *shape)
        >>> perturb = drift(Modality("table", "vector", (5,)), (2.0,), knots=1, unit="absolute")
        >>> perturb(torch.zeros(1, 5), 1, Up())
        tensor([[0.0000, 0.3125, 1.0000, 1.6875, 2.0000]])
    """
    check_kind("drift", modality, WAVES)
    check_levels("drift", modality, levels)
    where, additive = f"perturbation 'drift' of {modality.name!r}", mode == "additive"
    check_choice(where, "mode", mode, ("additive", "multiplicative"))
    check_count(where, "knots", knots)
    if not additive and unit != "auto":
        raise UsageError(f"{where}: unit is {unit!r}, but a multiplicative level has none: leave it out")
    unit = unit_of("drift", modality, unit)

    def perturb(inputs: Entries, severity: int, noise: Noise) -> Entries:
        values, level = values_of(inputs), levels[severity - 1]
        curve = _curve(inputs, knots, noise).to(values)
        drifted = (
            values + size_of(inputs, modality, unit) * (curve * level) if additive else values * (1 + curve * level)
        )
        return replaced(inputs, drifted, modality.range)

    return perturb


def _curve(inputs: Entries, knots: int, noise: Noise) -> Tensor:
    """The drift of each entry; the largest of a column's real steps is 1 in magnitude, or 0 if it does not drift."""
    series = series_of(inputs)
    steps = noise.normal("steps", (knots, series.values.shape[2])).to(series.values.device)
    walk = torch.stack([torch.zeros_like(steps[:, 0]), *accumulate(steps.unbind(1))], 1)
    knot, way = between(series, knots + 1)
    eased = (way * way * (3 - 2 * way))[..., None].to(walk)
    before, after = (_at(walk, knot + shift) for shift in (0, 1))
    curve = (before + eased * (after - before)).masked_fill(_padding(series), 0)
    peak = curve.abs().amax(1, keepdim=True) if curve.shape[1] else 1.0
    return like(inputs, torch.where(curve != 0, curve / peak, 0))


def _padding(series: Series) -> Tensor:
    """Bool ``[B, T, 1]``: True behind the end of a sample."""
    return (series.steps >= series.lengths[:, None])[..., None].to(series.values.device)


def _at(walk: Tensor, knot: Tensor) -> Tensor:
    return walk.gather(1, knot.to(walk.device)[..., None].expand(-1, -1, walk.shape[2]))
