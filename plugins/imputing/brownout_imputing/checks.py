"""What the fusions of this plugin refuse."""

from __future__ import annotations

from collections.abc import Sequence

from brownout_registry import Task, UsageError, check_option


def check_classification(component: str, task: Task) -> None:
    """Refuse dense prediction.

    Example:
        >>> check_classification("fusion 'hemis'", Task(("a", "b"), (0.5, 0.5)))
    """
    if task.kind != "classification":
        raise UsageError(f"{component} predicts one label per sample, but this is dense prediction: choose another")


def check_width(component: str, width: int) -> None:
    """Refuse anything but a positive integer.

    Example:
        >>> check_width("fusion 'hemis'", 64)
    """
    check_option(_is_count(width), component, "width", width, "a positive integer")


def check_widths(component: str, hidden: Sequence[int]) -> None:
    """Refuse anything but a list of layer widths.

    Example:
        >>> check_widths("fusion 'hemis'", [64, 32])
    """
    listed = isinstance(hidden, list | tuple)
    check_option(listed and all(map(_is_count, hidden)), component, "hidden", hidden, "a list of positive integers")


def check_weight(component: str, name: str, value: float) -> None:
    """Refuse anything but a finite number from 0.

    Example:
        >>> check_weight("fusion 'shaspec'", "alpha", 0.1)
    """
    number = isinstance(value, int | float) and not isinstance(value, bool)
    check_option(number and 0 <= value < float("inf"), component, name, value, "a number from 0")


def _is_count(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value > 0
