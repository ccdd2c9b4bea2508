"""What factories refuse: options out of their range, tasks that they cannot do."""

from __future__ import annotations

from collections.abc import Iterable
from math import inf, isfinite, nextafter

from brownout_registry.data import Task
from brownout_registry.errors import UsageError


def check_option(ok: bool, component: str, option: str, value: object, expected: str) -> None:
    """Refuse an option's value unless ``ok``.

    Example:
        >>> check_option(1 > 0, "fusion 'qmf'", "temperature", 1, "a positive number")
        >>> check_option(-1 > 0, "fusion 'qmf'", "temperature", -1, "a positive number")
        Traceback (most recent call last):
        ...
        brownout_registry.errors.UsageError: fusion 'qmf', option 'temperature' is -1, expected a positive number
    """
    if not ok:
        raise UsageError(f"{component}, option {option!r} is {value!r}, expected {expected}")


def check_choice(component: str, option: str, value: object, choices: Iterable[object]) -> None:
    """Refuse what is not one of the choices.

    Example:
        >>> check_choice("fusion 'tmc'", "evidence", "softplus", ("softplus", "relu"))
    """
    known = tuple(choices)
    check_option(value in known, component, option, value, f"one of {', '.join(map(str, known))}")


def check_count(component: str, option: str, value: object) -> None:
    """Refuse anything but a positive integer.

    Example:
        >>> check_count("fusion 'raml'", "width", 128)
    """
    check_option(is_count(value), component, option, value, "a positive integer")


def check_widths(component: str, option: str, value: object) -> None:
    """Refuse anything but a list of layer widths, which may be empty.

    Example:
        >>> check_widths("fusion 'tmc'", "hidden", [64, 32])
    """
    widths = isinstance(value, list | tuple) and all(map(is_count, value))
    check_option(widths, component, option, value, "a list of positive integers")


def check_number(component: str, option: str, value: object, expected: str, low: float, high: float = inf) -> None:
    """Refuse anything but a finite number from ``low`` to ``high``; `above` and `below` leave an end out.

    Example:
        >>> check_number("fusion 'raml'", "lambda_1", 0.5, "a number from 0", 0)
        >>> check_number("fusion 'qmf'", "temperature", 0, "a positive number", above(0))
        Traceback (most recent call last):
        ...
        brownout_registry.errors.UsageError: fusion 'qmf', option 'temperature' is 0, expected a positive number
    """
    number = isinstance(value, int | float) and not isinstance(value, bool) and isfinite(value)
    check_option(number and low <= float(value) <= high, component, option, value, expected)  # type: ignore[arg-type]


def check_classification(component: str, task: Task) -> None:
    """Refuse dense prediction.

    Example:
        >>> check_classification("fusion 'tmc'", Task(("a", "b"), (0.5, 0.5)))
    """
    if task.kind != "classification":
        raise UsageError(f"{component} predicts one label per sample, but this is dense prediction: choose another")


def above(bound: float) -> float:
    """The smallest float above a bound, so that the bound itself is left out.

    Example:
        >>> above(0) > 0
        True
    """
    return nextafter(bound, inf)


def below(bound: float) -> float:
    """The largest float below a bound.

    Example:
        >>> below(1) < 1
        True
    """
    return nextafter(bound, -inf)


def is_count(value: object) -> bool:
    """Whether that is a positive integer.

    Example:
        >>> is_count(3), is_count(0), is_count(True), is_count(1.5)
        (True, False, False, False)
    """
    return isinstance(value, int) and not isinstance(value, bool) and value > 0
