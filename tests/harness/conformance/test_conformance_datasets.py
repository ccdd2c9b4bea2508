"""Each check of datasets catches one that violates it, and passes one that does not."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest
import torch

from brownout.conformance.datasets import CHECKS
from brownout.conformance.kit import outcome
from brownout_registry import Dataset, DatasetCard, Modality, Split, Task, UsageError

SIZES = {"train": 8, "validation": 4, "test": 4}
MODALITIES = (Modality("sensor", "vector", (3,)), Modality("picture", "image", (1, 2, 2), range=(0.0, 1.0)))


def content(name):
    """Inputs of both modalities."""
    draws = torch.Generator().manual_seed(SIZES[name])
    return {
        "sensor": torch.randn(SIZES[name], 3, generator=draws),
        "picture": torch.rand(SIZES[name], 1, 2, 2, generator=draws),
    }


def split(name, first):
    inputs, size = content(name), SIZES[name]
    present = torch.ones(size, 2, dtype=torch.bool)
    present[0, 1] = False
    inputs["picture"][0] = float("nan")
    return Split(torch.arange(first, first + size), torch.arange(size) % 2, present, lambda of, rows: inputs[of][rows])


def sound():
    splits = {"train": split("train", 0), "validation": split("validation", 8), "test": split("test", 12)}
    task = Task(("a", "b"), (0.5, 0.5))
    return Dataset(MODALITIES, task, splits, "fingerprint", licence="CC0", citation="Nobody (2026)")


def changed(**facts):
    return lambda: replace(sound(), **facts)


def in_split(name, **facts):
    def factory():
        data = sound()
        return replace(data, splits={**data.splits, name: replace(data.splits[name], **facts)})

    return factory


def reading(change):
    """``change(inputs, rows, name)`` of what train reads."""

    def factory():
        data = sound()
        train = data.splits["train"]
        read = replace(train, read=lambda name, rows: change(train.read(name, rows), rows, name))
        return replace(data, splits={**data.splits, "train": read})

    return factory


def random_ids():
    first = random.randrange(100, 10**6)
    return in_split("test", ids=torch.arange(first, first + 4))()


def counts_builds():
    return changed(fingerprint=str(random.random()))()


def draws_noise(inputs, rows, name):
    return inputs + 1e-3 * torch.rand(()) if name == "sensor" else inputs


VIOLATORS = [
    ("builds", lambda: {"train": []}, "gave dict, expected Dataset"),
    ("builds", changed(modalities=(MODALITIES[0], MODALITIES[0])), "expected names of their own"),
    ("builds", changed(modalities=(replace(MODALITIES[0], kind="smell"), MODALITIES[1])), "of kind 'smell'"),
    ("builds", changed(modalities=(replace(MODALITIES[0], shape=(3, 1)), MODALITIES[1])), "cannot have shape"),
    ("builds", changed(splits={"train": sound().splits["train"]}), "'validation' has no samples"),
    ("licence-and-citation", changed(licence="unknown"), "licence of the data is unknown"),
    ("licence-and-citation", changed(citation=" "), "no citation"),
    ("labels-in-range", in_split("train", targets=torch.arange(8)), "train has labels [2, 3, 4, 5, 6, 7]"),
    ("labels-in-range", in_split("train", targets=torch.zeros(8).long()), "classes that train has not: [1]"),
    ("labels-in-range", in_split("test", targets=torch.zeros(4)), "are torch.float32"),
    ("frequencies-of-train", changed(task=Task(("a", "b"), (0.25, 0.75))), "differ from those of the training split"),
    ("frequencies-of-train", changed(task=Task(("a", "b"), (0.5, 0.6))), "sum to 1.1"),
    ("masks-consistent", in_split("test", present=torch.ones(4, 2)), "is torch.float32, expected torch.bool"),
    ("masks-consistent", in_split("test", present=torch.ones(4, 3).bool()), "has shape (4, 3)"),
    ("masks-consistent", in_split("test", present=torch.tensor([[True, False]] * 4)), "has modality 'picture'"),
    ("ids-stable", random_ids, "other ids in test"),
    ("splits-disjoint", in_split("test", ids=torch.arange(4)), "sample 0 is in train and in test"),
    ("splits-disjoint", in_split("test", ids=torch.full((4,), 12)), "test holds an id twice"),
    ("fingerprint-stable", counts_builds, "a second build has fingerprint"),
    ("fingerprint-stable", changed(fingerprint=""), "is empty"),
    ("reads-what-it-declares", reading(lambda inputs, *_: inputs.double()), "gave torch.float64"),
    ("reads-what-it-declares", reading(lambda inputs, *_: inputs[..., :2]), "gave shape"),
    ("reads-what-it-declares", reading(lambda inputs, *_: inputs * 2), "declared is (0.0, 1.0)"),
    ("reads-what-it-declares", reading(lambda inputs, *_: inputs / 0), "is NaN or infinite"),
    ("reads-any-rows", reading(lambda inputs, rows, _: inputs[rows.argsort()]), "differ from themselves"),
    ("reads-any-rows", reading(lambda inputs, rows, _: inputs - inputs.nanmean()), "differ from themselves"),
    ("reads-any-rows", reading(draws_noise), "differ"),
]


@pytest.mark.parametrize(("check", "violator", "why"), VIOLATORS, ids=[f"{each[0]}-{each[2]}" for each in VIOLATORS])
def test_a_violator_is_caught(check, violator, why, caught):
    assert why in caught(check, DatasetCard, violator)


def test_a_dataset_that_holds_all_passes_all(register, failed):
    names = [check.name for check in CHECKS if check.name != "same-in-another-process"]
    assert failed(register(DatasetCard, sound), *names) == {}


def test_another_process_sees_the_same_or_is_told_apart(installed, failed):
    assert failed(installed("steady"), "same-in-another-process") == {}
    why = failed(installed("of-this-process"), "same-in-another-process")["same-in-another-process"]
    assert "in a fresh process" in why


def test_data_that_are_not_at_hand_are_not_checked(register):
    def absent():
        raise UsageError("there is no file 'data.npz'")

    subject = register(DatasetCard, absent)
    found = [outcome(check, subject) for check in CHECKS[2:]]
    assert {each.status for each in found} == {"skipped"}
    assert all("there is no file 'data.npz'" in each.reason for each in found)


def test_every_check_has_a_violator():
    shared = {"card-complete", "import-without-torch", "same-in-another-process"}
    assert {check.name for check in CHECKS} == {name for name, *_ in VIOLATORS} | shared
