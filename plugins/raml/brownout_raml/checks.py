"""What the fusion refuses."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from brownout_raml.plugin import CHOICES
from brownout_registry import Task, check_choice, check_classification, check_count, check_number, check_widths

WHERE = "fusion 'raml'"


def check_options(
    task: Task, width: int, hidden: Sequence[int], lambdas: Mapping[str, float], choices: Mapping[str, str]
) -> None:
    """Refuse dense prediction and options out of their range.

    Raises:
        UsageError: says which.
    """
    check_classification(WHERE, task)
    check_count(WHERE, "width", width)
    check_widths(WHERE, "hidden", hidden)
    for name, value in lambdas.items():
        check_number(WHERE, name, value, "a number from 0", 0)
    for name, chosen in choices.items():
        check_choice(WHERE, name, chosen, CHOICES[name])
