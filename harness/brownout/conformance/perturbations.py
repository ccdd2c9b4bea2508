"""What every perturbation must hold: the contract of `brownout_registry.Perturbation`, as checks.

Example:
    >>> from brownout.conformance.kit import Subject, outcomes
    >>> {found.status for found in outcomes(CHECKS, Subject("perturbation", "word-swap"))}
    {'passed'}
"""

from __future__ import annotations

from brownout.conformance.kit import Check
from brownout.conformance.late import late_checks

CHECKS: tuple[Check, ...] = late_checks(
    "perturbation",
    {
        "perturbation_form": {
            "input-untouched": "the input is not edited in place",
            "same-form": "type, shape, lengths, dtype and device are those of the input, and padding stays zero",
            "finite": "no NaN and no infinity, on constant inputs too",
            "within-range": "the result stays in the modality's declared range",
            "smallest-sizes": "a batch of one and the smallest samples are perturbed, or the factory refuses them",
        },
        "perturbation_levels": {
            "levels-are-used": "severity s means levels[s - 1], whatever else is in the list",
            "refuses-bad-levels": "a NaN level is refused with UsageError, and a severity that has no level fails",
            "grows-with-severity": "the mean distance from the clean input does not shrink from severity to severity",
        },
        "perturbation_draws": {
            "depends-on-the-sample-alone": "order, size and splitting of the batch do not matter",
            "repeatable": "twice the same under the same noise, whose draws it leaves as they are",
            "same-draws-at-every-severity": "all severities draw under the same labels",
            "keyed-noise-alone": "no global random state is used or changed",
        },
    },
)
