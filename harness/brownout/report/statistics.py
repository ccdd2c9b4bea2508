"""Differences against a baseline method, with paired intervals over training seeds."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from brownout.report.cells import Value
from brownout.report.table import Table

Verdict = Literal["better", "worse", "undecided"]


@dataclass(frozen=True)
class Difference:
    """Method minus baseline, in the metric's own unit.

    Attributes:
        mean: mean of the per-seed differences; None without a common seed.
        half_width: half the width of the interval; None for fewer than two common seeds.
        n: training seeds that both have.
        verdict: ``better`` or ``worse`` (in the metric's direction) when the interval excludes 0.
    """

    mean: float | None
    half_width: float | None
    n: int
    verdict: Verdict

    @property
    def interval(self) -> tuple[float, float] | None:
        """Lower and upper end; None for fewer than two common seeds."""
        if self.mean is None or self.half_width is None:
            return None
        return self.mean - self.half_width, self.mean + self.half_width

    @property
    def reason(self) -> str:
        """Why there is no interval; empty when there is one."""
        if self.interval:
            return ""
        return {0: "no common training seed", 1: "one training seed: no interval"}.get(self.n, "an infinite value")


def paired_difference(
    method: Mapping[int, float], baseline: Mapping[int, float], *, higher_is_better: bool, confidence: float = 0.95
) -> Difference:
    r"""Mean per-seed difference with its paired t interval.

    With :math:`d_s` = method − baseline at training seed :math:`s` and n common seeds, the interval is

    .. math:: \bar d \pm t_{n-1,\,(1+c)/2} \, \frac{\sigma_d}{\sqrt n}, \quad
              \sigma_d^2 = \frac{1}{n-1} \sum_s (d_s - \bar d)^2

    (Student 1908; the interval of ``scipy.stats.ttest_rel``). It speaks of other training seeds on the same
    test samples, and is not corrected for the number of comparisons.

    Args:
        method: value by training seed.
        baseline: value by training seed.
        higher_is_better: the metric's direction, which decides the verdict.
        confidence: c.

    Returns:
        The difference in the unit of the values.

    Example:
        >>> d = paired_difference({0: 0.8, 1: 0.9}, {0: 0.7, 1: 0.7}, higher_is_better=True)
        >>> round(d.mean, 2), round(d.half_width, 3), d.verdict
        (0.15, 0.635, 'undecided')
        >>> paired_difference({0: 0.8}, {0: 0.7}, higher_is_better=True).reason
        'one training seed: no interval'
    """
    seeds = sorted(method.keys() & baseline.keys())
    differences = Value({seed: method[seed] - baseline[seed] for seed in seeds})
    if differences.mean is None or not math.isfinite(differences.mean):
        return Difference(None, None, differences.n, "undecided")
    if differences.std is None:
        return Difference(differences.mean, None, differences.n, "undecided")
    half = t_quantile((1 + confidence) / 2, differences.n - 1) * differences.std / math.sqrt(differences.n)
    return Difference(differences.mean, half, differences.n, verdict_of(differences.mean, half, higher_is_better))


def differences(table: Table, baseline: str) -> dict[str, tuple[Difference | None, ...]]:
    """Every other method against ``baseline``, in the order of the columns; None for columns without conditions.

    Raises:
        StopIteration: the table has no such method.
    """
    reference = next(row for row in table.rows if row.method == baseline)
    return {
        row.method: tuple(
            paired_difference(ours.by_seed, theirs.by_seed, higher_is_better=bool(column.higher_is_better))
            if column.conditions
            else None
            for column, ours, theirs in zip(table.columns, row.values, reference.values, strict=True)
        )
        for row in table.rows
        if row is not reference
    }


def verdict_of(mean: float, half: float, higher_is_better: bool) -> Verdict:
    """What an interval ``mean`` ± ``half`` says in the metric's direction."""
    if abs(mean) <= half:
        return "undecided"
    return "better" if (mean > 0) == higher_is_better else "worse"


def t_quantile(probability: float, degrees: int) -> float:
    """Quantile of Student's t distribution."""
    from scipy.stats import t  # noqa: PLC0415  slow to import, and only a report with a baseline needs it

    return float(t.ppf(probability, degrees))
