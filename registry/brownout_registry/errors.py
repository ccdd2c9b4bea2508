"""Errors that a user can mend, and the close matches that help with it."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches


class UsageError(Exception):
    """A mistake of the user's: says what is wrong, where, and what would be right; no traceback is shown.

    Example:
        >>> raise UsageError("suite.yaml: methods[0].fusion: unknown fusion 'maen'")
        Traceback (most recent call last):
        ...
        brownout_registry.errors.UsageError: suite.yaml: methods[0].fusion: unknown fusion 'maen'
    """


def unknown(what: str, name: str, known: Iterable[str]) -> str:
    """The sentence for a name that nobody knows, with close matches or the whole choice.

    Example:
        >>> unknown("fusion", "maen", ["mean", "concatenation"])
        "unknown fusion 'maen'; did you mean 'mean'?"
        >>> unknown("fusion", "zzz", ["mean", "concatenation"])
        "unknown fusion 'zzz'; known: concatenation, mean"
    """
    names = sorted(set(known))
    close = get_close_matches(name, names, n=3, cutoff=0.6)
    if close:
        return f"unknown {what} {name!r}; did you mean {' or '.join(map(repr, close))}?"
    return f"unknown {what} {name!r}; known: {', '.join(names) or 'none'}"
