"""What every metric must hold: the contract of `brownout_registry.Metric`, as checks.

Example:
    >>> from brownout.conformance.kit import Subject, outcomes
    >>> {found.status for found in outcomes(CHECKS, Subject("metric", "accuracy"))}
    {'passed'}
"""

from __future__ import annotations

from brownout.conformance.kit import Check
from brownout.conformance.late import late_checks

CHECKS: tuple[Check, ...] = late_checks(
    "metric",
    {
        "metric_values": {
            "perfect-beats-worst": "perfect logits have the better value and, where the range ends there, its end",
            "within-range": "the value is a float within the card's range",
            "order-does-not-matter": "the value is the same whatever the samples' order",
        },
        "metric_uses": {
            "is-pure": "the same twice, and the stored arrays are left as they are",
            "refuses-or-nan": "no samples, no labels, one class, absent fields: UsageError or NaN, no crash",
            "needs-are-honest": "defined with the fields of `needs` alone, undefined without one of them",
        },
    },
)
