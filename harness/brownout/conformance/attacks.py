"""What every attack must hold: the contract of `brownout_registry.Attack`, as checks on small linear models."""

from __future__ import annotations

from brownout.conformance.kit import Check
from brownout.conformance.late import late_checks

CHECKS: tuple[Check, ...] = late_checks(
    "attack",
    {
        "attack_form": {
            "same-form": "keys, types, shapes and dtypes of the result are those of the inputs, and all is finite",
            "input-untouched": "the clean inputs are not edited in place",
            "within-budget": "each sample stays in its ball, in the norm of the card",
            "within-bounds": "each sample stays within the valid values",
            "zero-budget": "without a budget nothing changes",
            "does-harm": "the loss of the attacked samples is not below that of the clean ones",
            "joint-if-claimed": "several modalities are attacked at once, each within its own budget",
        },
        "attack_draws": {
            "batch-does-not-matter": "a sample's result depends on its own inputs, target and noise alone",
            "batch-of-one": "a single sample is attacked",
            "padding-does-not-matter": "what lies beyond a sample's steps stays, and more of it changes no result",
            "repeatable": "twice the same, with no global random state used or changed",
            "no-parameter-gradients": "the model's parameters need no gradient and get none",
        },
    },
)
