"""The cells of one dataset and metric, looked up by method, conditions and training seed."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from brownout.results import Run
from brownout_registry import ConditionFacts, Score


@dataclass(frozen=True)
class Gap:
    """Why a training seed has no number: ``mark`` stands in the table, ``reason`` says more."""

    mark: str
    reason: str


FAILED = "failed"
UNDEFINED = Gap("undefined", "the value is not a number")
EMPTY = Gap("–", "not run, or the metric does not apply to this method")


@dataclass(frozen=True)
class Value:
    """One entry of a table: a number for each training seed, or the reason why there is none.

    Example:
        >>> value = Value({0: 0.5, 1: 0.7})
        >>> value.n, value.mean, round(value.std, 4)
        (2, 0.6, 0.1414)
        >>> Value({}, {0: UNDEFINED}).mark
        'undefined'
    """

    by_seed: Mapping[int, float]
    gaps: Mapping[int, Gap] = field(default_factory=dict)

    @property
    def n(self) -> int:
        """How many training seeds have a number."""
        return len(self.by_seed)

    @property
    def mean(self) -> float | None:
        """Mean over training seeds; None without any."""
        return sum(self.by_seed.values()) / self.n if self.n else None

    @property
    def std(self) -> float | None:
        """Sample standard deviation over training seeds (denominator n − 1); None for n < 2 or infinite values."""
        if self.n < 2 or self.mean is None or not math.isfinite(self.mean):
            return None
        return math.sqrt(sum((value - self.mean) ** 2 for value in self.by_seed.values()) / (self.n - 1))

    @property
    def mark(self) -> str:
        """What the gaps are: ``"failed"``, ``"undefined"``, ``"–"``, or empty when there are none."""
        marks = [gap.mark for gap in self.gaps.values()]
        return FAILED if FAILED in marks else next(iter(marks), "")

    @property
    def reasons(self) -> tuple[str, ...]:
        """One line for each seed without a number."""
        return tuple(f"seed {seed}: {gap.reason}" for seed, gap in self.gaps.items())


@dataclass(frozen=True)
class Cells:
    """The scores and failures of one dataset and metric."""

    seeds: tuple[int, ...]
    scores: Mapping[tuple[str, str, int], Score]
    failures: Mapping[tuple[str, str | None, int], str]

    @classmethod
    def of(cls, run: Run, dataset: str, metric: str) -> Cells:
        """Index a run's scores and failures."""
        scores = {
            (score.method, score.condition.name, score.seed): score
            for score in run.scores
            if score.dataset == dataset and score.metric == metric
        }
        failures = {
            (each["method"], each.get("condition"), each["seed"]): str(each["reason"])
            for each in run.failures
            if each["dataset"] == dataset
        }
        return cls(tuple(run.facts["seeds"]), scores, failures)

    def mean(self, method: str, conditions: Sequence[ConditionFacts]) -> Value:
        """Per training seed, the mean over ``conditions``; a seed counts only when it has all of them."""
        return self.reduce(method, conditions, lambda scores: sum(score.value for score in scores) / len(scores))

    def reduce(
        self, method: str, conditions: Sequence[ConditionFacts], function: Callable[[Sequence[Score]], float]
    ) -> Value:
        """Per training seed, ``function`` of the scores of ``conditions``; a seed counts only when it has all."""
        numbers: dict[int, float] = {}
        gaps: dict[int, Gap] = {}
        for seed in self.seeds:
            found = [self._score(method, condition.name, seed) for condition in conditions]
            missing = [each for each in found if isinstance(each, Gap)]
            number = math.nan if missing else function([each for each in found if isinstance(each, Score)])
            if missing or math.isnan(number):
                gaps[seed] = _worst(missing)
            else:
                numbers[seed] = number
        return Value(numbers, gaps)

    def _score(self, method: str, condition: str, seed: int) -> Score | Gap:
        score = self.scores.get((method, condition, seed))
        if score is not None:
            return score
        for name in (condition, None):
            if (method, name, seed) in self.failures:
                return Gap(FAILED, self.failures[method, name, seed])
        return EMPTY


def conditions_of(run: Run, dataset: str) -> tuple[ConditionFacts, ...]:
    """The conditions of a dataset in protocol order."""
    facts: Iterable[Mapping[str, Any]] = run.facts["conditions"][dataset]
    return tuple(ConditionFacts(**each) for each in facts)


def _worst(gaps: Sequence[Gap]) -> Gap:
    return next((gap for gap in gaps if gap.mark == FAILED), next(iter(gaps), UNDEFINED))
