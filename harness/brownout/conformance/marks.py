"""The kit in pytest: one item for each check."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from brownout.conformance.kit import Check, NotApplicable, Subject
from brownout.conformance.registered import checks_for, subject_named
from brownout_registry import UsageError, unknown

if TYPE_CHECKING:
    import pytest


@dataclass(frozen=True)
class Ask:
    """A check of a subject, to be called in a test; one that asks nothing of the subject skips the test."""

    check: Check
    subject: Subject

    def __call__(self) -> None:
        """Run the check.

        Raises:
            Violation: the subject does not meet it; what the component itself raises passes through.
        """
        import pytest  # noqa: PLC0415  who does not test needs no pytest

        try:
            self.check.run(self.subject)
        except NotApplicable as reason:
            pytest.skip(str(reason))


def parametrize_with_checks(
    subjects: str | Subject | Sequence[str | Subject],
    kind: str | None = None,
    options: Mapping[str, Any] | None = None,
    *,
    variant: str | None = None,
    expected_failed_checks: Mapping[str, str] | None = None,
) -> pytest.MarkDecorator:
    """Make a test function that calls its argument ``check`` into one pytest item for each check.

    The items are called ``NAME-CHECK``. A check that asks nothing of the component is skipped with the reason; one
    that is expected to fail is ``xfail``, strictly: if it passes, that is an error. Collecting imports no torch.

    Args:
        subjects: names of registered components, or subjects.
        kind: of the components that are given by name, where one name stands for several kinds.
        options: of the components that are given by name, beside their cards' defaults.
        variant: of the components that are given by name.
        expected_failed_checks: a reason by name of check.

    Raises:
        UsageError: an unknown component, option, variant or check.

    Example:
        >>> @parametrize_with_checks("mean", "fusion", expected_failed_checks={"learns": "it is never trained"})
        ... def test_conformance(check):
        ...     check()
        >>> [each.id for each in test_conformance.pytestmark[0].args[1]][:2]
        ['mean-card-complete', 'mean-import-without-torch']
    """
    import pytest  # noqa: PLC0415  who does not test needs no pytest

    given = [subjects] if isinstance(subjects, str | Subject) else list(subjects)
    found = [each if isinstance(each, Subject) else subject_named(each, kind, options, variant) for each in given]
    asked = [Ask(check, subject) for subject in found for check in checks_for(subject.kind)]
    expected = _known(expected_failed_checks or {}, {ask.check.name for ask in asked})
    return pytest.mark.parametrize(
        "check", [pytest.param(ask, id=_id(ask), marks=_marks(ask, expected)) for ask in asked]
    )


def _id(ask: Ask) -> str:
    variant = f"[{ask.subject.variant}]" if ask.subject.variant else ""
    return f"{ask.subject.card.name}{variant}-{ask.check.name}"


def _marks(ask: Ask, expected: Mapping[str, str]) -> list[pytest.MarkDecorator]:
    import pytest  # noqa: PLC0415

    name = ask.check.name
    return [pytest.mark.xfail(strict=True, reason=expected[name])] if name in expected else []


def _known(expected: Mapping[str, str], names: set[str]) -> Mapping[str, str]:
    for name, reason in expected.items():
        if name not in names:
            raise UsageError(f"expected_failed_checks: {unknown('check', name, names)}")
        if not isinstance(reason, str) or not reason.strip():
            raise UsageError(f"expected_failed_checks: {name!r} needs a reason")
    return expected
