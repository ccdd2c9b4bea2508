"""What every encoder must hold: the contract of `brownout_registry.Encoder`, as checks.

Example:
    >>> from brownout.conformance.kit import Subject, outcomes
    >>> {found.status for found in outcomes(CHECKS, Subject("encoder", "mlp"))}
    {'passed'}
"""

from __future__ import annotations

from brownout.conformance.kit import Check
from brownout.conformance.late import late_checks

CHECKS: tuple[Check, ...] = late_checks(
    "encoder",
    {
        "encoder_form": {
            "gives-what-it-declares": "float32 [B, *shape] of a valid representation, for every kind it takes",
            "takes-or-refuses-a-shape": "of any shape it works, or its factory raises UsageError",
            "finite-on-extremes": "finite on zeros, constants, empty text, single steps and large values",
            "input-untouched": "neither prepare nor a call changes its input",
        },
        "encoder_rows": {
            "batch-does-not-matter": "in evaluation, a sample's representation does not depend on its batch",
            "batch-of-one": "a single sample is encoded",
            "padding-is-not-seen": "what lies behind a sample's end reaches nothing",
            "deterministic": "two calls in evaluation agree, and so do two encoders built under one seed",
        },
        "encoder_weights": {
            "weights-round-trip": "weights and statistics survive safetensors",
            "gradients-reach-parameters": "every parameter that requires a gradient gets a finite one",
        },
    },
)
