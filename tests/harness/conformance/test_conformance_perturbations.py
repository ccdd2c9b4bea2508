"""Each check of perturbations catches one that violates it, and passes one that does not."""

from __future__ import annotations

import random
from dataclasses import replace
from math import isfinite

import numpy as np
import pytest
import torch

from brownout.conformance.kit import outcome
from brownout.conformance.perturbations import CHECKS
from brownout.conformance.samples import numbers
from brownout_registry import Padded, PerturbationCard, UsageError

LEVELS = {"*": (0.1, 0.2, 0.4)}


def perturbation(change):
    """A factory that checks its levels; ``change(values, level, noise, modality)`` gives other values."""

    def factory(modality, levels):
        if not all(isfinite(level) for level in levels):
            raise UsageError("a level is not finite")

        def perturb(inputs, severity, noise):
            values = change(numbers(inputs), levels[severity - 1], noise, modality)
            return Padded(values, inputs.lengths) if isinstance(inputs, Padded) else values

        return perturb

    return factory


def bounded(values, modality):
    return values.clamp(*modality.range) if modality.range else values


def sound(values, level, noise, modality):
    return bounded(values + level * noise.normal("noise", tuple(values.shape[1:])), modality)


def in_place(values, level, noise, modality):
    return values.add_(level)


def doubled(values, level, noise, modality):
    return sound(values, level, noise, modality).double()


def cropped(values, level, noise, modality):
    return sound(values, level, noise, modality)[:, 1:]


def divides(values, level, noise, modality):
    return values / values.amax(tuple(range(1, values.ndim)), keepdim=True)


def unbounded(values, level, noise, modality):
    return values + level


def reads_entry_ten(values, level, noise, modality):
    return values * (1 - level) + 0 * values[:, [9]]


def squeezes(values, level, noise, modality):
    return (values + level).squeeze(0)


def reads_other_company(values, level, noise, modality):
    return values - level * values.mean(0)


def constant(values, level, noise, modality):
    return values + 0.1


def falling(values, level, noise, modality):
    return values + 1 - level


def labels_by_level(values, level, noise, modality):
    return values + level * noise.normal(f"noise {level}", tuple(values.shape[1:]))


def edits_draws(values, level, noise, modality):
    return values + noise.normal("noise", tuple(values.shape[1:])).mul_(level)


def global_torch(values, level, noise, modality):
    return values + level * torch.rand_like(values)


def global_numpy(values, level, noise, modality):
    return values + level * np.random.rand()  # noqa: NPY002


def global_random(values, level, noise, modality):
    return values + level * random.random()


def reads_the_seed(values, level, noise, modality):
    return values + level * (torch.initial_seed() % 7)


def ignores_severity(modality, levels):
    return lambda inputs, severity, noise: inputs + 0.1 * severity


def takes_any_level(modality, levels):
    return lambda inputs, severity, noise: inputs + dict(enumerate(levels, 1))[severity]


def clamps_severity(modality, levels):
    if levels[0] != levels[0]:
        raise UsageError("NaN")
    return lambda inputs, severity, noise: inputs + levels[min(severity, len(levels)) - 1]


def writes_padding(modality, levels):
    return lambda inputs, severity, noise: replace(inputs, values=inputs.values + levels[severity - 1])


def gives_tensors(modality, levels):
    return lambda inputs, severity, noise: torch.zeros(len(inputs))


def keeps_state(modality, levels):
    calls = []

    def perturb(inputs, severity, noise):
        calls.append(severity)
        return inputs + levels[severity - 1] * len(calls)

    return perturb


P = perturbation
VIOLATORS = [
    ("input-untouched", P(in_place), ("vector",), "edited its input in place"),
    ("same-form", P(doubled), ("vector",), "gave dtype torch.float64"),
    ("same-form", P(cropped), ("vector",), "gave shape"),
    ("same-form", writes_padding, ("sequence",), "wrote into the padding"),
    ("same-form", gives_tensors, ("text",), "gave Tensor, got list"),
    ("finite", P(divides), ("image",), "NaN or infinity"),
    ("within-range", P(unbounded), ("image",), "left [0, 1]"),
    ("smallest-sizes", P(reads_entry_ten), ("vector",), "IndexError"),
    ("smallest-sizes", P(squeezes), ("vector",), "batch of one: gave shape"),
    ("levels-are-used", ignores_severity, ("vector",), "read levels[severity - 1]"),
    ("levels-are-used", P(constant), ("vector",), "give the same"),
    ("refuses-bad-levels", takes_any_level, ("vector",), "took the level NaN"),
    ("refuses-bad-levels", clamps_severity, ("vector",), "severity 4 gave a result, but there are 3 levels"),
    ("grows-with-severity", P(falling), ("vector",), "do not grow"),
    ("depends-on-the-sample-alone", P(reads_other_company), ("vector",), "otherwise than in a batch"),
    ("repeatable", keeps_state, ("vector",), "another call gives another result"),
    ("repeatable", P(edits_draws), ("vector",), "edit no draw in place"),
    ("same-draws-at-every-severity", P(labels_by_level), ("vector",), "must not depend on the severity"),
    ("keyed-noise-alone", P(global_torch), ("vector",), "generator of torch"),
    ("keyed-noise-alone", P(global_numpy), ("vector",), "generator of numpy"),
    ("keyed-noise-alone", P(global_random), ("vector",), "generator of random"),
    ("keyed-noise-alone", P(reads_the_seed), ("vector",), "depends on a global seed"),
]


@pytest.mark.parametrize(("check", "violator", "takes", "why"), VIOLATORS, ids=[each[3] for each in VIOLATORS])
def test_a_violator_is_caught(check, violator, takes, why, caught):
    assert why in caught(check, PerturbationCard, violator, takes=takes, levels=LEVELS)


def test_what_a_violator_raises_is_told_with_kind_and_severity(caught):
    def padded_is_no_tensor(modality, levels):
        return lambda inputs, severity, noise: inputs / levels[severity - 1]

    facts = {"takes": ("vector", "sequence"), "levels": LEVELS}
    why = caught("same-form", PerturbationCard, padded_is_no_tensor, **facts)
    assert why.startswith("violator(sequence) s1: TypeError: unsupported operand type(s) for /: 'Padded' and 'float'")
    why = caught("smallest-sizes", PerturbationCard, P(reads_entry_ten), takes=("vector",), levels=LEVELS)
    assert why.startswith("samples of shape (1,): violator(vector) s1: IndexError: ")


def test_a_factory_that_fails_is_told_with_its_kind(caught):
    def needs_a_range(modality, levels):
        return modality.range[0]

    why = caught("finite", PerturbationCard, needs_a_range, takes=("vector",), levels=LEVELS)
    assert why.startswith("violator(vector): TypeError: 'NoneType' object is not subscriptable")


def test_a_perturbation_that_holds_all_passes_all(register, failed):
    takes = ("image", "spectrogram", "depth", "vector")
    assert failed(register(PerturbationCard, perturbation(sound), takes=takes, levels=LEVELS)) == {}


def test_the_global_generators_are_left_as_they_were(register, failed):
    subject = register(PerturbationCard, perturbation(sound), takes=("vector",), levels=LEVELS)
    before = torch.get_rng_state(), random.getstate()
    failed(subject, "keyed-noise-alone")
    assert torch.equal(before[0], torch.get_rng_state())
    assert before[1] == random.getstate()


def test_features_are_perturbed_where_the_card_says_so(register, failed):
    def needs_a_scale(modality, levels):
        scale = torch.tensor(modality.scale)
        return lambda inputs, severity, noise: inputs + levels[severity - 1] * scale

    assert failed(register(PerturbationCard, needs_a_scale, takes=("vector",), levels=LEVELS), "same-form") == {}
    subject = register(PerturbationCard, needs_a_scale, takes=("vector",), levels=LEVELS, features=True)
    assert "NoneType" in failed(subject, "same-form")["same-form"]


def test_without_levels_nothing_is_asked(register):
    subject = register(PerturbationCard, perturbation(sound), takes=("vector",))
    assert {outcome(check, subject).status for check in CHECKS[2:]} == {"skipped"}


def test_every_check_has_a_violator():
    shared = {"card-complete", "import-without-torch"}
    assert {check.name for check in CHECKS} == {name for name, *_ in VIOLATORS} | shared
