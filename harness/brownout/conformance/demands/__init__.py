"""What the checks of each kind of component do; imported when a check runs, as most of it needs torch."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from brownout.conformance.kit import NotApplicable, Violation


def demand(ok: bool, message: str) -> None:
    """Raise a `Violation` unless ``ok``.

    Example:
        >>> demand(False, "gave float64, expected float32")
        Traceback (most recent call last):
        ...
        brownout.conformance.kit.Violation: gave float64, expected float32
    """
    if not ok:
        raise Violation(message)


@contextmanager
def told(where: str) -> Iterator[None]:
    """Note on what a component raises where it was, as the kit's own messages say it; what it is stays as it was.

    Example:
        >>> with told("mine/jitter(image) s1"):
        ...     1 / 0
        Traceback (most recent call last):
        ...
        ZeroDivisionError: division by zero
        mine/jitter(image) s1
    """
    try:
        yield
    except (NotApplicable, Violation):
        raise
    except Exception as error:
        error.add_note(where)
        raise
