"""What a conformance check is, and what it is run on."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from brownout_registry import Card, bind_options, catalogue, resolve


class Violation(AssertionError):  # noqa: N818  the word of the contract
    """A component does not hold what its contract promises; the text says what was found and what would be right."""


class NotApplicable(Exception):  # noqa: N818  it is no error
    """A check asks nothing of this component; the text says why."""


@dataclass(frozen=True)
class Subject:
    """A registered component under the options it is checked with.

    Attributes:
        kind: ``fusion``, ``encoder`` ...
        name: its name, or ``distribution/name``.
        options: beside the card's defaults, for options that have none or need files.
        variant: a named set of the card's options.
    """

    kind: str
    name: str
    options: Mapping[str, Any] = field(default_factory=dict)
    variant: str | None = None

    @property
    def card(self) -> Card:
        """Its card."""
        return catalogue().find(self.kind, self.name).card

    @property
    def bound(self) -> dict[str, Any]:
        """All its options.

        Raises:
            UsageError: an option that the card does not know, or one that must be given.
        """
        return bind_options(self.card, self.options, self.variant)

    def build(self, *arguments: Any, **more: Any) -> Any:
        """Call the factory with these arguments and the options."""
        return resolve(self.card)(*arguments, **more, **self.bound)


@dataclass(frozen=True)
class Check:
    """One demand on components of a kind.

    Attributes:
        name: lower case, words joined by ``-``; what an expected failure is called by.
        kind: of component.
        summary: the demand in one line.
        run: raises `Violation` if the subject does not meet it, `NotApplicable` if it asks nothing of it.
    """

    name: str
    kind: str
    summary: str
    run: Callable[[Subject], None]


@dataclass(frozen=True)
class Outcome:
    """What came of a check: ``passed``, ``failed``, ``skipped`` (not applicable), with the reason of the latter two."""

    check: Check
    status: str
    reason: str = ""


def outcome(check: Check, subject: Subject) -> Outcome:
    """Run one check; whatever the component raises is a failure of it: the reason is where, its type and its text."""
    try:
        check.run(subject)
    except NotApplicable as reason:
        return Outcome(check, "skipped", str(reason))
    except Violation as reason:
        return Outcome(check, "failed", str(reason))
    except Exception as error:  # noqa: BLE001  a component may fail in any way
        where = "".join(f"{note}: " for note in reversed(getattr(error, "__notes__", ())))
        return Outcome(check, "failed", f"{where}{type(error).__name__}: {error}")
    return Outcome(check, "passed")


def outcomes(checks: Sequence[Check], subject: Subject) -> list[Outcome]:
    """All checks of the subject's kind, in order."""
    return [outcome(check, subject) for check in checks if check.kind == subject.kind]
