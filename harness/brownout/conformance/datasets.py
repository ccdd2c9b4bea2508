"""What every dataset must hold: the contract of `brownout_registry.Dataset`, as checks.

A dataset whose files are not at hand, or that has options which must be given, is not checked; the reason says so.

Example:
    >>> from brownout.conformance.kit import Subject, outcome
    >>> outcome(CHECKS[2], Subject("dataset", "files")).status
    'skipped'
"""

from __future__ import annotations

from brownout.conformance.kit import Check
from brownout.conformance.late import late_checks

CHECKS: tuple[Check, ...] = late_checks(
    "dataset",
    {
        "dataset_facts": {
            "builds": "train, validation and test with samples, and modalities of known kinds with names of their own",
            "licence-and-citation": "licence and citation of the data are stated",
            "labels-in-range": "targets are int64 labels of the classes, and train has every class that is tested",
            "frequencies-of-train": "the class frequencies are those of the training split and sum to 1",
            "masks-consistent": "presence is bool [N, V], and each split has samples of every modality",
        },
        "dataset_identity": {
            "ids-stable": "ids are int64 [N], and a second build gives the same",
            "splits-disjoint": "no id is in a split twice or in two splits",
            "fingerprint-stable": "a second build has the same fingerprint",
            "same-in-another-process": "ids and fingerprint are the same in a fresh process",
        },
        "dataset_reading": {
            "reads-what-it-declares": "inputs of the declared kind, shape and range, finite where present",
            "reads-any-rows": "a row reads the same in any order, beside any others, and as often as it is asked for",
        },
    },
)
