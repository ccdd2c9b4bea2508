"""What a reader should not take for robustness, told with every report."""

from __future__ import annotations

from collections.abc import Iterator

from brownout.report.cells import conditions_of
from brownout.report.masking import gradient_masking
from brownout.results import Run


def doubts(run: Run) -> tuple[str, ...]:
    """A line for each sign of gradient masking, and for each perturbation or attack that had no effect at all."""
    return (*gradient_masking(run), *without_effect(run))


def without_effect(run: Run) -> Iterator[str]:
    """A line for each perturbation or attack under which every method predicts what it predicts of clean samples.

    The stored predictions are the same to the last bit, at every severity and under every training seed: the samples
    were most likely not changed, as texts without spaces are not by what deletes words.
    """
    for dataset in (each["name"] for each in run.facts["datasets"]):
        groups: dict[str, set[str]] = {}
        for condition in conditions_of(run, dataset):
            if condition.kind in ("corruption", "attack"):
                groups.setdefault(condition.group, set()).add(condition.name)
        for group, names in groups.items():
            if _same_as_clean(run, dataset, names):
                yield f"no effect? {group} on {dataset} leaves every prediction as on clean samples, at every severity"


def _same_as_clean(run: Run, dataset: str, names: set[str]) -> bool:
    """Whether these conditions have predictions, all of them those of the clean condition."""
    found = [each for each in run.digests if each[0] == dataset and each[3] in names]
    return bool(found) and all(run.digests[each] == run.digests.get((*each[:3], "clean")) for each in found)
