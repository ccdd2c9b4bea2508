"""What every fusion strategy must hold, at all three levels: the contract of `brownout_registry.Fusion`, as checks.

Example:
    >>> from brownout.conformance.kit import Subject, outcomes
    >>> {found.check.name for found in outcomes(CHECKS, Subject("fusion", "mean")) if found.status == "failed"}
    set()
"""

from __future__ import annotations

from brownout.conformance.kit import Check
from brownout.conformance.late import late_checks

CHECKS: tuple[Check, ...] = late_checks(
    "fusion",
    {
        "fusion_outputs": {
            "builds": "builds for 1 to 4 modalities and 2 to 100 classes, or refuses by a UsageError",
            "every-missing-pattern": "finite logits [B, K] whatever is missing, even all; a finite loss in training",
            "extreme-inputs": "finite logits on sources 10,000 times as large, on zeros and on constants",
            "valid-outputs": "probabilities sum to 1; weights, unimodal logits ... have the contract's shapes",
        },
        "fusion_leaks": {
            "absent-content": "what an absent modality's rows hold changes no bit of prediction, loss or gradients",
            "batch-does-not-matter": "in evaluation neither order nor size of the batch changes a prediction",
            "cached-equals-uncached": "fusing what was encoded apart and kept equals the joint pass",
        },
        "fusion_fitting": {
            "deterministic": "the same seed gives the same weights and the same prediction bit by bit",
            "gradients-reach-everything": "every fitted parameter gets a finite gradient that is not zero",
            "weights-round-trip": "weights kept as safetensors make a fresh fusion predict the same bit by bit",
            "learns": "fitted on classes that are easy to tell apart it is better than chance",
            "no-test-data": "training reads no test input, and predicting changes neither parameters nor buffers",
        },
        "fusion_moves": {
            "moves-to-another-type": "float64 works, with logits near those of float32, or is refused",
            "moves-to-another-device": "a GPU gives what the CPU gives; skipped where there is none",
        },
    },
)
