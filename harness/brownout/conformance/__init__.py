"""The conformance kit: what every component of a kind must hold, as checks that anybody can run.

In a plugin's own tests, one pytest item for each check:

.. code-block:: python

    from brownout.conformance import parametrize_with_checks


    @parametrize_with_checks("my-fusion")
    def test_conformance(check):
        check()

On the command line: ``brownout check my-fusion``.

Example:
    >>> from brownout.conformance import Subject, checks_for, outcomes
    >>> [(found.check.name, found.status) for found in outcomes(checks_for("metric"), Subject("metric", "accuracy"))][0]
    ('card-complete', 'passed')
"""

from brownout.conformance.kit import Check, NotApplicable, Outcome, Subject, Violation, outcome, outcomes
from brownout.conformance.marks import parametrize_with_checks
from brownout.conformance.registered import all_checks, checks_for, subject_named

__all__ = [
    "Check",
    "NotApplicable",
    "Outcome",
    "Subject",
    "Violation",
    "all_checks",
    "checks_for",
    "outcome",
    "outcomes",
    "parametrize_with_checks",
    "subject_named",
]
