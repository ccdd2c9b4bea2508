"""What every summary must hold: the contract of `brownout_registry.Summary`, as checks.

Example:
    >>> from brownout.conformance.kit import Subject, outcomes
    >>> {found.status for found in outcomes(CHECKS, Subject("summary", "mean"))}
    {'passed'}
"""

from __future__ import annotations

from brownout.conformance.kit import Check
from brownout.conformance.late import late_checks

CHECKS: tuple[Check, ...] = late_checks(
    "summary",
    {
        "summaries": {
            "equal-scores": "of equal scores, a summary in the metric's unit is that score",
            "order-does-not-matter": "the value is the same whatever the scores' order",
            "is-pure": "the same twice, and the scores are left as they are",
            "nan-where-undefined": "no scores give NaN, and a NaN that counts is never left out",
        },
    },
)
