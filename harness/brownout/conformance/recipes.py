"""What every training recipe must hold: the contract of `brownout_registry.TrainingRecipe`, as checks.

Example:
    >>> from brownout.conformance.kit import Subject, outcomes
    >>> {found.check.name for found in outcomes(CHECKS, Subject("training", "regular")) if found.status == "failed"}
    set()
"""

from __future__ import annotations

from brownout.conformance.kit import Check
from brownout.conformance.late import late_checks

CHECKS: tuple[Check, ...] = late_checks(
    "training",
    {
        "recipe_training": {
            "trains": "one batch of 1 to 3 modalities, some of them missing, gives a finite float",
            "batch-untouched": "inputs, targets and mask of the batch are what they were",
            "deterministic": "the same seed gives the same losses and the same weights bit by bit",
            "parameters-move": "what is fitted changes, what is frozen does not",
            "one-loss-per-step": "the fusion's own loss is called once for each optimiser step",
            "phases": "phases, if there are any, cover the epochs, and their preparations can be made",
            "refuses-clearly": "what it cannot train it refuses by a UsageError",
        },
    },
)
