"""Places that exchange what they hold: segments of a series, columns."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import torch
from torch import Tensor

from brownout_features.checks import check_kind, check_levels
from brownout_features.entries import Entries, replaced, values_of
from brownout_features.kinds import SERIES, TABULAR
from brownout_features.series import Series, like, series_of, taken
from brownout_registry import Modality, Noise, Perturbation, check_choice, check_option, is_count


def permutation(modality: Modality, levels: Sequence[float], *, segments: int = 10) -> Perturbation:
    """Segments of the time axis exchange their places (Um et al. 2017, permutation; Iwana & Uchida 2021).

    A sample of T steps is cut into segments of ``max(1, T // n)`` steps; what is left at the end stays. A share of
    the segments, one pair at least, is drawn and exchanged in pairs. A pair that is exchanged at one severity is
    exchanged at the next, so that the distance grows for every sample; the papers permute all segments (n = 4, 5) in
    any order.

    Args:
        modality: a sequence, audio, or a spectrogram, whose steps are its columns, or a vector, whose steps are its
            entries.
        levels: share of the segments that change places at severities 1, 2, ...
        segments: n, at least 2; fewer where there are fewer steps, up to twice as many where T is no multiple of n.

    Returns:
        ``perturb(inputs, severity, noise)`` on ``[B, ...]`` or `brownout_registry.Padded`.

    Raises:
        UsageError: a level outside [0, 1], or too few segments.

    Example:
        >>> class Rising:
        ...     def uniform(self, label, shape=()):
        ...         return torch.linspace(0, 0.9, *shape)[None]
        >>> perturb = permutation(Modality("table", "vector", (9,)), (0.5, 1.0), segments=4)
        >>> ramp = torch.arange(9.0)[None]
        >>> perturb(ramp, 1, Rising()), perturb(ramp, 2, Rising())
        (tensor([[2., 3., 0., 1., 4., 5., 6., 7., 8.]]), tensor([[2., 3., 0., 1., 6., 7., 4., 5., 8.]]))
    """
    check_kind("permutation", modality, SERIES)
    check_levels("permutation", modality, levels, largest=1)
    where = f"perturbation 'permutation' of {modality.name!r}"
    check_option(is_count(segments) and segments > 1, where, "segments", segments, "a whole number, 2 or more")

    def perturb(inputs: Entries, severity: int, noise: Noise) -> Entries:
        series = series_of(inputs)
        index = _permuted(series, segments, noise.uniform("order", (2 * segments,)).cpu(), levels[severity - 1])
        return replaced(inputs, like(inputs, taken(series, index)), modality.range)

    return perturb


def column_swap(
    modality: Modality, levels: Sequence[float], *, order: Literal["neighbours", "any"] = "neighbours"
) -> Perturbation:
    """Columns of a sample exchange their places: a table whose fields were mixed up.

    ``neighbours``: MultiBench's swap (Liang et al. 2021). From left to right each column but the first is exchanged
    with the one before it with probability p, so that a value can travel (its released code overwrites the one before
    it is kept, and ``1 2 3 4 5`` becomes ``1 1 1 1 1`` at p = 1; here ``2 3 4 5 1``). ``any``: a share p of the
    columns, one pair at least, is drawn and exchanged in pairs. Draws are those of every severity.

    Args:
        modality: a vector, whose columns are its entries, or a sequence, whose steps all change alike.
        levels: p of severities 1, 2, ...
        order: with whom a column is exchanged.

    Returns:
        ``perturb(inputs, severity, noise)`` on ``[B, D]`` or `brownout_registry.Padded`.

    Raises:
        UsageError: a level outside [0, 1], or an unknown choice.

    Example:
        >>> class Given:
        ...     def uniform(self, label, shape=()):
        ...         return torch.tensor([[0.0, 0.3, 0.3, 0.9, 0.1]])
        >>> perturb = column_swap(Modality("table", "vector", (5,)), (0.2, 0.5))
        >>> table = torch.tensor([[1.0, 2.0, 3.0, 4.0, 5.0]])
        >>> perturb(table, 1, Given()), perturb(table, 2, Given())
        (tensor([[1., 2., 3., 5., 4.]]), tensor([[2., 3., 1., 5., 4.]]))
    """
    check_kind("column-swap", modality, TABULAR)
    check_levels("column-swap", modality, levels, largest=1)
    check_choice(f"perturbation 'column-swap' of {modality.name!r}", "order", order, ("neighbours", "any"))

    def perturb(inputs: Entries, severity: int, noise: Noise) -> Entries:
        values, share = values_of(inputs), levels[severity - 1]
        drawn = noise.uniform("columns", values.shape[-1:]).cpu()
        count = torch.full((len(drawn),), values.shape[-1])
        source = _carried(drawn < share) if order == "neighbours" else partners(drawn, count, share)
        source = source.unflatten(0, (-1, *(1,) * (values.dim() - 2))).to(values.device)
        return replaced(inputs, values.gather(-1, source.expand_as(values)), modality.range)

    return perturb


def partners(drawn: Tensor, counts: Tensor, share: float) -> Tensor:
    """int64 ``[B, M]``: of each place the one that it exchanges with, itself if none.

    Of a sample's first ``counts`` ``[B]`` places those with the smallest draws are taken, in pairs, until the share of
    them is met (to a pair, and one at least); a larger share keeps the pairs of a smaller one.

    Example:
        >>> drawn = torch.tensor([[0.4, 0.1, 0.2, 0.3, 0.0]])
        >>> partners(drawn, torch.tensor([4]), 0.5), partners(drawn, torch.tensor([4]), 1.0)
        (tensor([[0, 2, 1, 3, 4]]), tensor([[3, 2, 1, 0, 4]]))
    """
    place = torch.arange(drawn.shape[1])
    ranked = drawn.masked_fill(place >= counts[:, None], 2.0).argsort(dim=1, stable=True)
    pairs = (share * counts.double() / 2).round().clamp(min=1 if share > 0 else 0).long()
    chosen = place < 2 * torch.minimum(pairs, counts // 2)[:, None]
    other = ranked[:, (place ^ 1).clamp(max=len(place) - 1)]
    return torch.empty_like(ranked).scatter(1, ranked, torch.where(chosen, other, ranked))


def _permuted(series: Series, segments: int, drawn: Tensor, share: float) -> Tensor:
    """int64 ``[B, T]``: the step that comes to each place."""
    width = (series.lengths // segments).clamp(min=1)[:, None]
    count = series.lengths // width[:, 0]
    partner = partners(drawn, count, share)
    segment = series.steps // width
    moved = partner.gather(1, segment.clamp(max=partner.shape[1] - 1)) * width + series.steps % width
    return torch.where(segment < count[:, None], moved, series.steps)


def _carried(hit: Tensor) -> Tensor:
    """int64 ``[B, D]``: whose value stands at each place after exchanges with the place before, from left to right."""
    place = torch.arange(hit.shape[1])
    hit = hit & (place > 0)
    carried = torch.where(hit, 0, place).cummax(1).values
    return torch.where(hit.roll(-1, 1), place + 1, carried)
