"""Whose fault an exception is, and how to say it in one line."""

from __future__ import annotations

import errno
from collections.abc import Iterator
from contextlib import contextmanager

from brownout_registry import UsageError


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
    full = isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT)
    if full or isinstance(error, MemoryError):
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
