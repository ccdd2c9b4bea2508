"""Whose fault an exception is, and how to say it in one line."""

from __future__ import annotations

import errno

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
