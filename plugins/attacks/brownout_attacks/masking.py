"""Greedy masking of words, without gradients."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor

from brownout_attacks.common import fooled
from brownout_attacks.losses import margin
from brownout_registry import Attack, Attacked, UsageError, check_count, check_option

WORD = re.compile(r"\S+")
Place = tuple[str, int]
"""A modality, and which of its words."""


def greedy_masking(*, mask: str = "_", batch_size: int = 256) -> Attack:
    r"""Mask the word whose masking raises the loss most, then the next one: a black box for text.

    A word's importance is what its masking does to the prediction (Li et al. 2020, eq. 1, who mask with ``[MASK]``
    and then replace the most important words); here it is taken anew after each masked word, and masking is all that
    happens. The loss is the margin :math:`\max_{i \ne y} z_i - z_y`. The search for a sample ends when it is not
    given its label, when no further word raises the loss, or when the budget is used: a share of the words, rounded
    down, but at least one word (none at budget 0). Several texts have a budget each and compete for the next word.

    A word is a run without white space, in any script, and white space stays, as in the perturbation
    ``word-masking``. An empty text has no words and stays.

    Args:
        mask: what takes a word's place: ``_`` (QMF's released code), a tokeniser's ``[MASK]``, or nothing.
        batch_size: texts of one query.

    Returns:
        An attack, see `brownout_registry.Attack`.

    Raises:
        UsageError: a mask that is no text; an attacked modality that is none.

    Example:
        >>> from brownout_registry import Attacked
        >>> def logits(inputs, rows=None):
        ...     good = [text.count("good") - text.count("bad") for text in inputs["review"]]
        ...     return torch.tensor([[0.5, float(each)] for each in good])
        >>> attacked = Attacked({"review": ["a good  and good film", ""]}, {"review": 0.4}, {"review": None},
        ...                     torch.tensor([1, 0]), logits, {})
        >>> greedy_masking()(attacked)
        {'review': ['a _  and _ film', '']}
    """
    where = "attack 'greedy-masking'"
    check_option(isinstance(mask, str), where, "mask", mask, "text ('' for none)")
    check_count(where, "batch_size", batch_size)

    def attack(attacked: Attacked) -> Mapping[str, list[str]]:
        for name, texts in attacked.inputs.items():
            if not isinstance(texts, list):
                raise UsageError(f"{where} masks words, but {name!r} is no text; take attack 'square' for it")
        searches = [_Sample.of(attacked, row, mask) for row in range(len(attacked))]
        with torch.no_grad():
            _run(attacked, searches, batch_size)
        return {name: [each.texts()[name] for each in searches] for name in attacked.inputs}

    return attack


@dataclass
class _Sample:
    """One sample's words, and which of them are masked."""

    row: int
    original: Mapping[str, str]
    spans: Mapping[str, list[tuple[int, int]]]
    left: dict[str, int]
    mask: str
    masked: set[Place] = field(default_factory=set)

    @staticmethod
    def of(attacked: Attacked, row: int, mask: str) -> _Sample:
        texts = {name: each[row] for name, each in attacked.inputs.items()}
        spans = {name: [found.span() for found in WORD.finditer(text)] for name, text in texts.items()}
        left = {name: allowed(len(each), attacked.budgets[name]) for name, each in spans.items()}
        return _Sample(row, texts, spans, left, mask)

    def candidates(self) -> list[Place]:
        places = [(name, i) for name, left in self.left.items() if left for i in range(len(self.spans[name]))]
        return [place for place in places if place not in self.masked]

    def texts(self, more: Place | None = None) -> dict[str, str]:
        masked = self.masked | {more} if more else self.masked
        return {name: self._text(name, [i for n, i in masked if n == name]) for name in self.original}

    def _text(self, name: str, places: Sequence[int]) -> str:
        text = self.original[name]
        for start, end in sorted((self.spans[name][i] for i in places), reverse=True):
            text = text[:start] + self.mask + text[end:]
        return text

    def take(self, place: Place) -> None:
        self.masked.add(place)
        self.left[place[0]] -= 1


def allowed(words: int, budget: float) -> int:
    """How many of some words may be masked.

    Example:
        >>> [allowed(10, 0.3), allowed(10, 0.39), allowed(2, 0.1), allowed(0, 0.5), allowed(5, 0.0)]
        [3, 3, 1, 0, 0]
    """
    return min(words, max(1, int(budget * words + 1e-9))) if budget > 0 else 0


def _run(attacked: Attacked, searches: Sequence[_Sample], batch_size: int) -> None:
    """Mask words in all samples side by side until nothing is left to do."""
    reached, fools = _ask(attacked, searches, [None] * len(searches), batch_size)
    active = [s for s, done in zip(searches, fools.tolist(), strict=True) if not done]
    level = dict(zip((s.row for s in searches), reached.tolist(), strict=True))
    while True:
        asked = [(sample, place) for sample in active for place in sample.candidates()]
        if not asked:
            return
        gaps, fools = _ask(attacked, [s for s, _ in asked], [place for _, place in asked], batch_size)
        best = _best(asked, gaps.tolist(), fools.tolist(), level)
        active = [sample for sample in active if sample.row in best]
        for sample in active:
            level[sample.row], place, _ = best[sample.row]
            sample.take(place)
        active = [sample for sample in active if not best[sample.row][2]]


def _best(
    asked: Sequence[tuple[_Sample, Place]], gaps: Sequence[float], fools: Sequence[bool], level: Mapping[int, float]
) -> dict[int, tuple[float, Place, bool]]:
    """For each row whose margin some word raises, the first of those that raise it most."""
    best: dict[int, tuple[float, Place, bool]] = {}
    for (sample, place), gap, done in zip(asked, gaps, fools, strict=True):
        if gap > (best[sample.row][0] if sample.row in best else level[sample.row]):
            best[sample.row] = gap, place, done
    return best


def _ask(
    attacked: Attacked, samples: Sequence[_Sample], places: Sequence[Place | None], batch_size: int
) -> tuple[Tensor, Tensor]:
    """Margins, and who is fooled, if each sample had one more word masked."""
    gaps, fools = [], []
    for first in range(0, len(samples), batch_size):
        some = slice(first, first + batch_size)
        texts = [sample.texts(place) for sample, place in zip(samples[some], places[some], strict=True)]
        inputs: dict[str, Any] = {name: [each[name] for each in texts] for name in attacked.inputs}
        rows = torch.tensor([sample.row for sample in samples[some]], device=attacked.targets.device)
        logits, targets = attacked.logits(inputs, rows), attacked.targets[rows]
        gaps.append(margin(logits, targets))
        fools.append(fooled(logits, targets))
    return torch.cat(gaps), torch.cat(fools)
