"""What the checks of each kind of component do; imported when a check runs, as most of it needs torch."""

from __future__ import annotations

from brownout.conformance.kit import Violation


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
