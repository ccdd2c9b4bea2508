"""Lost steps: each on its own, or blocks of them."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from brownout_features import draws
from brownout_features.checks import check_fill, check_kind, check_levels
from brownout_features.entries import Entries, replaced, values_of
from brownout_features.kinds import TABULAR
from brownout_features.series import Series, like, series_of, step_draws
from brownout_registry import Modality, Noise, Perturbation, check_count


def structured_drop(modality: Modality, levels: Sequence[float], *, steps: int = 1, fill: float = 0.0) -> Perturbation:
    """Whole steps are lost, each with probability p on its own (Liang et al. 2021, structured drop).

    A lost step loses all its columns. MMSA masks the rows of its audio and vision features in this way, at p = .2 by
    default; LNLN evaluates p = 0, .1, ..., .9. With ``steps`` above 1 that many consecutive ones share their fate
    (MultiBench: 10 of audio). Each has one draw, the same at every severity, so what is lost stays lost.

    Args:
        modality: a sequence, or a vector, whose steps are its entries.
        levels: probabilities of severities 1, 2, ...
        steps: how many consecutive ones are lost together.
        fill: what lost entries become, brought into the declared range.

    Returns:
        ``perturb(inputs, severity, noise)`` on ``[B, D]`` or `brownout_registry.Padded`.

    Raises:
        UsageError: a level outside [0, 1], or an option out of range.

    Example:
        >>> import numpy as np
        >>> class Seeded:
        ...     def generators(self, label):
        ...         yield np.random.default_rng(0)
        >>> perturb = structured_drop(Modality("table", "vector", (6,)), (0.5,), steps=2)
        >>> perturb(torch.ones(1, 6), 1, Seeded())
        tensor([[1., 1., 1., 1., 0., 0.]])
    """
    _check("structured-drop", modality, levels, "steps", steps, fill)

    def perturb(inputs: Entries, severity: int, noise: Noise) -> Entries:
        series = series_of(inputs)
        drawn = step_draws(series, noise, "steps", draws.uniform)
        first = (series.steps[0] // steps * steps).to(drawn.device)
        gone = drawn[:, first] < levels[severity - 1]
        return _without(inputs, gone, fill, modality)

    return perturb


def block_missing(modality: Modality, levels: Sequence[float], *, blocks: int = 3, fill: float = 0.0) -> Perturbation:
    """Several contiguous blocks of steps are lost: a sensor that drops out again and again.

    The axis is cut into n equal slots. Of a slot of m steps ``w = floor(p m + v)`` are lost, v ~ U[0, 1), so that
    p m are in the mean, and its block starts at ``floor(u (m - w + 1))``, u ~ U[0, 1): every place has the same
    chance. Both draws are the same at every severity, so a longer block contains the shorter one.
    `brownout_features.missing.missing_entries` loses one block anywhere.

    Args:
        modality: a sequence, or a vector, whose steps are its entries.
        levels: share p of the sample's own steps that is lost at severities 1, 2, ...
        blocks: n, at most.
        fill: what lost entries become, brought into the declared range.

    Returns:
        ``perturb(inputs, severity, noise)`` on ``[B, D]`` or `brownout_registry.Padded`.

    Raises:
        UsageError: a level outside [0, 1], or an option out of range.

    Example:
        >>> class Middle:
        ...     def uniform(self, label, shape=()):
        ...         return torch.full((1, *shape), 0.5)
        >>> perturb = block_missing(Modality("table", "vector", (8,)), (0.25, 0.5), blocks=2)
        >>> perturb(torch.ones(1, 8), 1, Middle()), perturb(torch.ones(1, 8), 2, Middle())
        (tensor([[1., 1., 0., 1., 1., 1., 0., 1.]]), tensor([[1., 0., 0., 1., 1., 0., 0., 1.]]))
    """
    _check("block-missing", modality, levels, "blocks", blocks, fill)

    def perturb(inputs: Entries, severity: int, noise: Noise) -> Entries:
        widths, starts = (noise.uniform(label, (blocks,)).cpu().double() for label in ("width", "start"))
        gone = _blocks(series_of(inputs), levels[severity - 1], widths, starts)
        return _without(inputs, gone, fill, modality)

    return perturb


def _blocks(series: Series, share: float, widths: Tensor, starts: Tensor) -> Tensor:
    """Bool ``[B, T]``: one block in each slot; the draws are float64 ``[B, n]``."""
    count = widths.shape[1]
    edges = series.lengths[:, None] * torch.arange(count + 1) // count
    extents = edges.diff(dim=1)
    widths = (share * extents + widths).floor()
    first = (edges[:, :-1] + (starts * (extents - widths + 1)).floor())[..., None]
    return ((series.steps >= first) & (series.steps < first + widths[..., None])).any(1)


def _without(inputs: Entries, gone: Tensor, fill: float, modality: Modality) -> Entries:
    values = values_of(inputs)
    lost = like(inputs, gone[..., None]).to(values.device)
    return replaced(inputs, values.masked_fill(lost, fill), modality.range)


def _check(name: str, modality: Modality, levels: Sequence[float], option: str, count: int, fill: float) -> None:
    where = f"perturbation {name!r} of {modality.name!r}"
    check_kind(name, modality, TABULAR)
    check_levels(name, modality, levels, largest=1)
    check_count(where, option, count)
    check_fill(where, fill)
