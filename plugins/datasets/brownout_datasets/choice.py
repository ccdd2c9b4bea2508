"""Which modalities of a dataset to keep."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from brownout_registry import UsageError, unknown


def choose(dataset: str, option: str, given: Sequence[str | int], known: Collection[str]) -> list[str]:
    """The names that an option lists by name or by place from 0, in the option's order.

    Example:
        >>> choose("digits-views", "views", ["top", 0], ["pixels", "top", "bottom"])
        ['top', 'pixels']

    Raises:
        UsageError: an unknown name or place, one named twice, or none.
    """
    names = list(known)
    for each in [] if isinstance(given, str) else given:
        if each not in names and (isinstance(each, str) or not 0 <= each < len(names)):
            raise UsageError(f"{dataset}: option {option!r}: {unknown(option[:-1], str(each), names)}")
    chosen = [] if isinstance(given, str) else [each if isinstance(each, str) else names[each] for each in given]
    if not chosen or len(set(chosen)) < len(chosen):
        raise UsageError(f"{dataset}: option {option!r} is {given!r}, expected a list of different {option}")
    return chosen
