"""Whose fault an exception is, and how to say it in one line."""

from __future__ import annotations

import errno
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from brownout_registry import UsageError

FULL = (errno.ENOSPC, errno.EDQUOT)


def reason(error: BaseException) -> str:
    r"""An exception in one line.

    Example:
        >>> reason(ValueError("two\nlines"))
        'ValueError: two lines'
    """
    text = " ".join(str(error).split())
    return text if isinstance(error, UsageError) else f"{type(error).__name__}: {text}"


def raise_if_nobodys(error: BaseException) -> None:
    """Raise again what no component is to blame for: a full disk, or no memory."""
    if (isinstance(error, OSError) and error.errno in FULL) or isinstance(error, MemoryError):
        raise error


@contextmanager
def located(place: str) -> Iterator[None]:
    """Put the place, a file, a key or a component, before what a user's mistake says.

    Example:
        >>> with located("suite.yaml"), located("metrics[0]"):
        ...     raise UsageError("unknown metric 'acuracy'")
        Traceback (most recent call last):
        ...
        brownout_registry.errors.UsageError: suite.yaml: metrics[0]: unknown metric 'acuracy'
    """
    try:
        yield
    except UsageError as error:
        raise UsageError(f"{place}: {error}") from None


@contextmanager
def told_if_full(*folders: Path) -> Iterator[None]:
    """Say of a full disk which folders may lie on it, and what to do."""
    try:
        yield
    except OSError as error:
        if error.errno not in FULL:
            raise
        where = " or ".join(map(str, folders))
        advice = "finished cells are kept; make room, and the same command continues"
        raise UsageError(f"{where}: {error.strerror}: {advice}") from error
