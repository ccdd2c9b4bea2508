"""Fusions built for the kit, and what they are fed: tasks, heads, representations, modalities."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import nn

from brownout.conformance.kit import NotApplicable, Subject
from brownout.conformance.samples import inputs_of, modality_of_kind
from brownout.engine.seeding import seed
from brownout_registry import KINDS, FusionCard, Representation, Task, UsageError

NAMES = ("a", "b", "c", "d")
CLASSES = 3
SIZES = (5, 4, 6, 3)
INPUT_LAYOUTS = 2  # encoders of its own make a fusion slow
MIXED = (("image", "text"), ("image", "audio"), ("image", "spectrogram"), ("image", "vector"), ("text", "vector"))


@dataclass(frozen=True)
class Case:
    """A fusion as its factory built it, with what it stands on.

    Attributes:
        fusion: the module or function.
        task: what it predicts.
        below: what the factory got: a head, a representation or a modality by name.
        decides: whether its sources are unimodal logits.
    """

    fusion: Any
    task: Task
    below: Mapping[str, Any]
    decides: bool

    def sources(self, rows: int, seed: int = 0) -> dict[str, Any]:
        """Random sources of so many samples."""
        return {name: self._source(name, rows, seed + column) for column, name in enumerate(self.below)}

    def _source(self, name: str, rows: int, seed: int) -> Any:
        each, draws = self.below[name], torch.Generator().manual_seed(1 + seed)
        if self.decides:
            return 2 * torch.randn(rows, len(self.task.classes), generator=draws)
        if isinstance(each, Representation):
            return torch.randn(rows, *each.shape, generator=draws)
        return inputs_of(each.kind, rows, each.shape, seed)

    @property
    def module(self) -> nn.Module:
        """The fusion as a module.

        Raises:
            NotApplicable: it is a plain function.
        """
        if not isinstance(self.fusion, nn.Module):
            raise NotApplicable("it is a function, which has no weights and nothing to move")
        return self.fusion


def card_of(subject: Subject) -> FusionCard:
    """The subject's card, as the fusion's that it is."""
    card = subject.card
    assert isinstance(card, FusionCard)
    return card


def task_of(classes: int) -> Task:
    """A classification task whose later classes are more frequent.

    Example:
        >>> task_of(2).frequencies
        (0.3333333333333333, 0.6666666666666666)
    """
    total = classes * (classes + 1) / 2
    return Task(tuple(f"class-{k}" for k in range(classes)), tuple((k + 1) / total for k in range(classes)))


def layouts(card: FusionCard, count: int) -> Iterator[dict[str, Any]]:
    """What a fusion of this level may stand on, by name: all kinds that it takes mixed, then each alone.

    Sizes differ between modalities at first; a fusion that refuses this is offered equal ones.
    """
    names = NAMES[:count]
    if card.level == "input":
        yield from ({n: modality_of_kind(k, n) for n, k in zip(names, kinds, strict=True)} for kinds in _kinds(count))
        return
    for equal in (False, True):
        for takes in dict.fromkeys([card.takes, *((kind,) for kind in card.takes)]):
            yield {
                name: _representation(takes[column % len(takes)], SIZES[0 if equal else column])
                for column, name in enumerate(names)
            }


def built(subject: Subject, counts: Sequence[int] = (3, 2, 4, 1), classes: int = CLASSES, start: int = 1) -> Case:
    """The subject on the first number of modalities and the first layout that it does not refuse.

    Raises:
        NotApplicable: it refuses them all; the text is the last refusal.
    """
    return next(cases(subject, counts, classes, start))


def all_built(subject: Subject, count: int, classes: int = CLASSES, start: int = 1) -> Iterator[Case]:
    """The subject on the layouts that it does not refuse; equal sizes are tried only if it refuses different ones.

    Raises:
        NotApplicable: it refuses them all; the text is the last refusal.
    """
    refusal, done = "", set()
    for below in _belows(card_of(subject), count, classes):
        kinds = tuple(getattr(each, "kind", "") for each in below.values())
        if kinds in done:
            continue
        try:
            case = _build(subject, below, task_of(classes), start)
        except UsageError as error:
            refusal = str(error)
            continue
        done.add(kinds)
        yield case
        if card_of(subject).level == "input" and len(done) == INPUT_LAYOUTS:
            return
    if not done:
        raise NotApplicable(f"it refuses {count} modalities with {classes} classes: {refusal}")


def _belows(card: FusionCard, count: int, classes: int) -> Iterator[dict[str, Any]]:
    if card.level == "decision":
        seed(0)
        yield {name: nn.Linear(SIZES[column], classes) for column, name in enumerate(NAMES[:count])}
    else:
        yield from layouts(card, count)


def _build(subject: Subject, below: Mapping[str, Any], task: Task, start: int) -> Case:
    seed(start)
    return Case(subject.build(task, dict(below)), task, below, card_of(subject).level == "decision")


def _representation(kind: Any, size: int) -> Representation:
    return Representation(kind, {"vector": (size,), "map": (size, 3, 2), "sequence": (4, size)}[kind])


def _kinds(count: int) -> Iterator[tuple[Any, ...]]:
    yield from ((kind,) * count for kind in KINDS)
    if count > 1:
        yield from (tuple(pair[column % 2] for column in range(count)) for pair in MIXED)


def cases(subject: Subject, counts: Sequence[int], classes: int = CLASSES, start: int = 1) -> Iterator[Case]:
    """The subject on every layout for each number of modalities, without those that it refuses.

    Raises:
        NotApplicable: it refuses them all; the text is the last refusal.
    """
    refusals, found = [], False
    for count in counts:
        try:
            for case in all_built(subject, count, classes, start):
                found = True
                yield case
        except NotApplicable as reason:
            refusals.append(reason)
    if not found:
        raise refusals[-1]
