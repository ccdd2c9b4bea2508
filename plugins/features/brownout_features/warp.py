"""Time that runs unevenly."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate, pairwise

import torch
from torch import Tensor

from brownout_features.checks import check_kind, check_levels
from brownout_features.entries import Entries, replaced
from brownout_features.kinds import SERIES
from brownout_features.knots import between
from brownout_features.series import Series, at, like, series_of
from brownout_registry import Modality, Noise, Perturbation, check_option, is_count

SLOWEST = 0.1


def time_warp(modality: Modality, levels: Sequence[float], *, knots: int = 4) -> Perturbation:
    r"""Time runs faster and slower: the sample is read, linearly interpolated, at smoothly distorted times.

    Um et al. 2017 (time warping), Iwana & Uchida 2021. The speed is :math:`v_k = \max(1 + s e_k, 0.1)` with
    e_k ~ N(0, 1) at n equidistant knots and linear between them; times are its integral, so they rise strictly and
    have no kinks, scaled such that the first and the last step stay (at a level of 0 all do, bit for bit):

    .. math:: \tau(t) = (T - 1) \int_0^{t} v \Big/ \int_0^{T - 1} v .

    All columns share it. The draws are those of every severity.

    Args:
        modality: a sequence, audio, or a spectrogram, whose steps are its columns, or a vector, whose steps are its
            entries.
        levels: standard deviations s of the speed at severities 1, 2, ... (Um et al.: 0.2).
        knots: n, at least 2.

    Returns:
        ``perturb(inputs, severity, noise)`` on ``[B, ...]`` or `brownout_registry.Padded`.

    Raises:
        UsageError: a level outside [0, 1e6], or too few knots.

    Example:
        >>> class SlowThenFast:
        ...     def normal(self, label, shape=()):
        ...         return torch.tensor([[-1.0, 1.0]])
        >>> perturb = time_warp(Modality("table", "vector", (5,)), (0.5,), knots=2)
        >>> perturb(torch.tensor([[0.0, 1.0, 2.0, 3.0, 4.0]]), 1, SlowThenFast())
        tensor([[0.0000, 0.6250, 1.5000, 2.6250, 4.0000]])
    """
    check_kind("time-warp", modality, SERIES)
    check_levels("time-warp", modality, levels)
    where = f"perturbation 'time-warp' of {modality.name!r}"
    check_option(is_count(knots) and knots > 1, where, "knots", knots, "a whole number, 2 or more")

    def perturb(inputs: Entries, severity: int, noise: Noise) -> Entries:
        series, level = series_of(inputs), levels[severity - 1]
        if level == 0:
            return inputs
        speed = (1 + level * noise.normal("speed", (knots,)).cpu().double()).clamp(min=SLOWEST)
        return replaced(inputs, like(inputs, at(series, _times(series, speed))), modality.range)

    return perturb


def _times(series: Series, speed: Tensor) -> Tensor:
    """float64 ``[B, T]``: where each step is read; ``speed`` is ``[B, n]`` at the knots."""
    passed = [(one + other) / 2 for one, other in pairwise(speed.unbind(1))]
    reached = torch.stack(list(accumulate(passed, initial=torch.zeros_like(speed[:, 0]))), 1)
    knot, way = between(series, speed.shape[1])
    now, then = speed.gather(1, knot), speed.gather(1, knot + 1)
    times = reached.gather(1, knot) + way * (now + way * (then - now) / 2)
    return times / reached[:, -1:] * (series.lengths[:, None] - 1)
