"""Demands on perturbations: where their randomness comes from."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
import torch
from torch import Tensor

from brownout.conformance.demands import demand
from brownout.conformance.demands.global_states import changed_generators, restored, seeded
from brownout.conformance.demands.perturbation_cases import SAMPLES, Case, cases
from brownout.conformance.kit import NotApplicable, Subject
from brownout.conformance.samples import same
from brownout.engine.inputs import rows_of
from brownout.engine.noise import KeyedNoise

SPLITS = ([5, 4, 3, 2, 1, 0], [4, 1], [2])


def depends_on_the_sample_alone(subject: Subject) -> None:
    """Bit by bit, at the first and the last severity."""
    for case in cases(subject):
        for severity in {1, case.severities[-1]}:
            together = case.run(severity)
            for rows in SPLITS:
                alone, expected = case.run(severity, rows=rows), rows_of(together, torch.tensor(rows))
                message = f"{case} s{severity}: samples {rows} come out otherwise than in a batch of {SAMPLES}"
                demand(same(alone, expected), message)


def repeatable(subject: Subject) -> None:
    """With one noise, as the engine shares it between severities."""
    for case in cases(subject):
        function, noise = case.build(), case.noise(range(SAMPLES))
        for severity in {1, case.severities[-1]}:
            first = function(case.inputs, severity, noise)
            message = f"{case} s{severity}: another call gives another result: keep no state, edit no draw in place"
            demand(same(function(case.inputs, severity, noise), first), message)
            demand(same(case.run(severity), first), message)


def same_draws_at_every_severity(subject: Subject) -> None:
    """So that a severity is the one before it, only stronger; one may draw more than another."""
    drew = False
    for case in cases(subject):
        seen = [_labels(case, severity) for severity in case.severities]
        drew = drew or any(seen)
        for severity, labels in zip(case.severities, seen, strict=True):
            message = f"{case}: severity {severity} draws {sorted(labels)}, severity 1 draws {sorted(seen[0])}"
            shared = labels <= seen[0] or labels >= seen[0]
            demand(shared, f"{message}: a label must not depend on the severity")
    if not drew:
        raise NotApplicable("it draws nothing")


def keyed_noise_alone(subject: Subject) -> None:
    """The states of random, numpy and torch are what they were, and seeding them changes nothing."""
    with restored():
        for case in cases(subject):
            results = []
            for seed in (1, 2):
                before = seeded(seed)
                results.append(case.run(case.severities[-1]))
                changed = changed_generators(before)
                demand(not changed, f"{case} drew from the global generator of {changed}: use the keyed noise")
            demand(same(*results), f"{case} depends on a global seed: use the keyed noise")


@dataclass
class _Watched:
    """Keyed noise that writes down what is drawn."""

    noise: KeyedNoise
    labels: set[str] = field(default_factory=set)

    def uniform(self, label: str, shape: tuple[int, ...] = ()) -> Tensor:
        self.labels.add(f"uniform {label!r}")
        return self.noise.uniform(label, shape)

    def normal(self, label: str, shape: tuple[int, ...] = ()) -> Tensor:
        self.labels.add(f"normal {label!r}")
        return self.noise.normal(label, shape)

    def generators(self, label: str) -> Iterator[np.random.Generator]:
        self.labels.add(f"generators {label!r}")
        return self.noise.generators(label)


def _labels(case: Case, severity: int) -> set[str]:
    watched = _Watched(case.noise(range(SAMPLES)))
    case.build()(case.inputs, severity, watched)
    return watched.labels
