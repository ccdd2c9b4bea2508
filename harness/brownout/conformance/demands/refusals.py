"""Whether a component takes the options that it is checked with at all."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial

from brownout.conformance.demands import attack_cases, fusion_cases, perturbation_cases, summaries
from brownout.conformance.demands.encoder_form import kinds_of
from brownout.conformance.demands.metric_cases import CLASSES, predictions
from brownout.conformance.kit import NotApplicable, Subject
from brownout.conformance.samples import modality_of_kind
from brownout.engine.components import bind
from brownout.engine.faults import located
from brownout_registry import MetricCard, UsageError, resolve

COUNTS = (3, 2, 4, 1)


def check_options(subject: Subject) -> None:
    """Refuse options that the component cannot be checked with.

    Example:
        >>> check_options(Subject("attack", "pgd", {"steps": "many"}))
        Traceback (most recent call last):
        ...
        brownout_registry.errors.UsageError: attack 'pgd': option 'steps' is 'many': Input should be a valid integer

    Raises:
        UsageError: one is not of the type that the factory's signature gives it, or the component refuses whatever
            the kit puts it on.
    """
    bind(subject.kind, subject.name, subject.options, subject.variant).check_types()
    with located(subject.name):
        if said := _refusal(subject):
            raise UsageError(said)


def _refusal(subject: Subject) -> str:
    """What it says where it refuses everything; empty where it takes something, or fails otherwise."""
    said = []
    try:
        for attempt in _attempts(subject):
            try:
                attempt()
            except (UsageError, NotApplicable) as error:
                said.append(str(error))
            else:
                return ""
    except Exception:  # noqa: BLE001  the checks tell it
        return ""
    return said[0] if said else ""


def _attempts(subject: Subject) -> Iterator[Callable[[], object]]:
    """What the kit would do with it first; nothing with kinds that are asked for their cards only."""
    if subject.kind == "fusion":
        yield from (partial(fusion_cases.built, subject, (count,)) for count in COUNTS)
    elif subject.kind == "encoder":
        yield from (partial(subject.build, modality_of_kind(kind)) for kind in kinds_of(subject))
    elif subject.kind == "perturbation":
        yield from (partial(case.run, 1) for case in perturbation_cases.cases(subject))
    elif subject.kind == "attack":
        yield from (partial(case.run, case.attacked()) for case in attack_cases.cases(subject))
    elif subject.kind == "metric" and isinstance(subject.card, MetricCard):
        stored = (predictions(classes, 0.6, subject.card.needs) for classes in CLASSES)
        yield from (partial(resolve(subject.card), each, **subject.bound) for each in stored)
    elif subject.kind == "summary":
        yield partial(resolve(subject.card), summaries.scores(), True, **subject.bound)
    elif subject.kind in ("training", "dataset"):
        yield subject.build
