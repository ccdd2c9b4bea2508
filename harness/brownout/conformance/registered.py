"""All checks of the kit, by kind of component, and what a name given by a person means."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

from brownout.conformance import attacks, datasets, encoders, fusions, metrics, perturbations, recipes, summaries
from brownout.conformance.cards import card_checks
from brownout.conformance.kit import Check, Subject
from brownout_registry import Card, Entry, UsageError, catalogue, unknown

OWN = (fusions, recipes, encoders, perturbations, attacks, metrics, summaries, datasets)


@cache
def all_checks() -> tuple[Check, ...]:
    """Every check of every kind; a kind that has none of its own is asked for a complete card.

    Example:
        >>> {check.kind for check in all_checks()} >= {"fusion", "training", "executor"}
        True
    """
    own = tuple(check for module in OWN for check in module.CHECKS)
    kinds = sorted({card.kind for card in Card.__subclasses__()} - {check.kind for check in own})
    return (*own, *(check for kind in kinds for check in card_checks(kind)))


def checks_for(kind: str) -> tuple[Check, ...]:
    """The checks of one kind of component, in the order in which they run.

    Example:
        >>> [check.name for check in checks_for("fusion")][:3]
        ['card-complete', 'import-without-torch', 'builds']

    Raises:
        UsageError: there is no such kind.
    """
    found = tuple(check for check in all_checks() if check.kind == kind)
    if not found:
        raise UsageError(unknown("kind", kind, {check.kind for check in all_checks()}))
    return found


def subject_named(
    name: str, kind: str | None = None, options: Mapping[str, Any] | None = None, variant: str | None = None
) -> Subject:
    """The registered component that a name means.

    Args:
        name: NAME, KIND/NAME or DISTRIBUTION/NAME.
        kind: needed where components of several kinds have this name.
        options: beside the card's defaults.
        variant: a named set of the card's options.

    Example:
        >>> subject_named("qmf", variant="released-rgbd")
        Subject(kind='fusion', name='brownout-qmf/qmf', options={}, variant='released-rgbd')

    Raises:
        UsageError: an unknown name, kind, option or variant (with close matches), an option that must be given, or a
            name of several components.
    """
    entry = _the_one(name, [each for each in _entries(name) if kind in (None, each.card.kind)], kind)
    subject = Subject(entry.card.kind, f"{entry.plugin.distribution}/{entry.card.name}", dict(options or {}), variant)
    _ = subject.bound
    return subject


def _the_one(name: str, found: list[Entry], kind: str | None) -> Entry:
    if kind is not None:
        checks_for(kind)
    if not found:
        known = {entry.card.name for entry in catalogue().list(kind)}
        raise UsageError(unknown(kind or "component", name, known))
    if len({entry.card.kind for entry in found}) > 1:
        kinds = " or ".join(f"--kind {each.card.kind}" for each in found)
        raise UsageError(f"{name!r} is the name of several components: say {kinds} (in Python: kind=...)")
    return found[0] if len(found) == 1 else catalogue().find(found[0].card.kind, name)


def _entries(name: str) -> list[Entry]:
    return [
        entry
        for entry in catalogue().list()
        if name
        in (
            entry.card.name,
            f"{entry.card.kind}/{entry.card.name}",
            f"{entry.plugin.distribution}/{entry.card.name}",
        )
    ]
