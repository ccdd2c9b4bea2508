"""What the fusions of this plugin refuse."""

from __future__ import annotations

from collections.abc import Sequence

from brownout_registry import Task, UsageError, check_option


def check_classification(component: str, task: Task) -> None:
    """Refuse dense prediction.

    Example:
        >>> check_classification("fusion 'tmc'", Task(("a", "b"), (0.5, 0.5)))
    """
    if task.kind != "classification":
        raise UsageError(f"{component} predicts one label per sample, but this is dense prediction: choose another")


def check_widths(component: str, hidden: Sequence[int]) -> None:
    """Refuse anything but a list of layer widths.

    Example:
        >>> check_widths("fusion 'tmc'", [64, 32])
    """
    listed = isinstance(hidden, list | tuple)
    check_option(listed and all(map(is_count, hidden)), component, "hidden", hidden, "a list of positive integers")


def is_count(value: object) -> bool:
    """Whether that is a positive integer.

    Example:
        >>> is_count(3), is_count(0), is_count(True), is_count(1.5)
        (True, False, False, False)
    """
    return isinstance(value, int) and not isinstance(value, bool) and value > 0


def is_number(value: object, low: float, high: float = float("inf")) -> bool:
    """Whether that is a number in [low, high).

    Example:
        >>> is_number(0.5, 0, 1), is_number(1, 0, 1), is_number(float("nan"), 0)
        (True, False, False)
    """
    return isinstance(value, int | float) and not isinstance(value, bool) and low <= value < high
