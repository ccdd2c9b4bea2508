"""Every check of fusions and recipes catches its violator, and nothing else does."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from brownout.conformance import Outcome, Subject, checks_for, outcomes
from brownout.conformance.demands import fusion_moves

pytestmark = pytest.mark.usefixtures("violators")

HEALTHY_FUSIONS = ("healthy", "healthy-decision", "healthy-function", "healthy-input", "two-only")
FUSIONS = {
    "heavy": ("import-without-torch", "imports torch"),
    "few-colours": ("builds", "IndexError"),
    "refuses-all": ("builds", "refuses whatever it is put on"),
    "nothing-is-nan": ("every-missing-pattern", "with nothing there the logits are [nan"),
    "nan-loss": ("every-missing-pattern", "the loss of a batch with all"),
    "overflows": ("extreme-inputs", "10,000 times as large"),
    "strange-weights": ("valid-outputs", "key 'sight'"),
    "strange-unimodal": ("valid-outputs", "(2, 3) is right"),
    "strange-embedding": ("valid-outputs", "embedding has shape"),
    "multiplies": ("absent-content", "NaN in the rows of an absent modality changes logits"),
    "trains-on-absent": ("absent-content", "in training, in the rows"),
    "sums-all": ("absent-content", "changes logits"),
    "reads-inputs": ("absent-content", "changes logits"),
    "centres": ("batch-does-not-matter", "batches of one"),
    "edits-sources": ("cached-equals-uncached", "changes the sources"),
    "own-dice": ("deterministic", "between two fits under the same seed"),
    "idle-layer": ("gradients-reach-everything", "idle.weight, idle.bias"),
    "never-fitted": ("gradients-reach-everything", "the card says that nothing is trained"),
    "forgets": ("weights-round-trip", "must be a parameter or a persistent buffer"),
    "float32-only": ("moves-to-another-type", "moved to torch.float64 it raises"),
    "wrong-target": ("learns", "chance is 0.33"),
    "hunts-test-data": ("no-test-data", "training read 2 test inputs"),
    "counts-test-data": ("no-test-data", "predicting changes seen"),
}
CARDS = {
    "bad-summary": "'summary' must be one line",
    "bad-licence": "'licence' must name",
    "bad-url": "no url",
    "bad-bibtex": "expected an entry '@article{...}'",
    "bad-year": "no year",
    "bad-level": "level 'somewhere'",
    "bad-missing": "missing 'perhaps'",
    "bad-takes": "takes 'smell'",
    "bad-help": "option 'width' has no help",
    "bad-default": "can be changed",
    "bad-choice": "none of its choices",
    "bad-option": "no parameter for its option 'width'",
    "bad-variant": "'released' sets 'width'",
    "Bad_Name": "lower-case words",
}
RECIPES = {
    "recipe-unlicensed": ("card-complete", "'licence' must name"),
    "recipe-heavy": ("import-without-torch", "imports torch"),
    "recipe-givestensor": ("trains", "a finite float is right"),
    "recipe-editsbatch": ("batch-untouched", "the inputs of 'a'"),
    "recipe-owndice": ("deterministic", "under the same seed"),
    "recipe-idle": ("parameters-move", "no parameter has changed"),
    "recipe-thaws": ("parameters-move", "a.bias is frozen and has changed"),
    "recipe-losstwice": ("one-loss-per-step", "called 6 times in 3 optimiser steps"),
    "recipe-longphases": ("phases", "[1, 1] epochs"),
    "recipe-notext": ("refuses-clearly", "on text it raises TypeError"),
}


def found(kind: str, name: str) -> list[Outcome]:
    return outcomes(checks_for(kind), Subject(kind, name))


def failed(kind: str, name: str) -> Iterator[tuple[str, str]]:
    return ((each.check.name, each.reason) for each in found(kind, name) if each.status == "failed")


@pytest.mark.parametrize("name", HEALTHY_FUSIONS)
def test_a_healthy_fusion_passes(name: str) -> None:
    assert list(failed("fusion", name)) == []


def test_all_that_can_be_asked_of_a_trained_module_is_asked() -> None:
    skipped = {each.check.name for each in found("fusion", "healthy") if each.status == "skipped"}
    assert skipped <= {"moves-to-another-device"}


def test_a_fusion_of_two_modalities_is_checked_on_two() -> None:
    skipped = {each.check.name for each in found("fusion", "two-only") if each.status == "skipped"}
    assert skipped <= {"moves-to-another-device"}


@pytest.mark.parametrize("name", ["recipe-healthy", "recipe-twophases", "regular"])
def test_a_healthy_recipe_passes(name: str) -> None:
    assert list(failed("training", name)) == []


@pytest.mark.parametrize("name", FUSIONS)
def test_a_fusion_is_caught_by_exactly_one_check(name: str) -> None:
    check, text = FUSIONS[name]
    ((caught, reason),) = failed("fusion", name)
    assert caught == check
    assert text in reason


@pytest.mark.parametrize("name", CARDS)
def test_an_incomplete_card_is_caught(name: str) -> None:
    complete = next(check for check in checks_for("fusion") if check.name == "card-complete")
    ((result),) = outcomes([complete], Subject("fusion", name))
    assert result.status == "failed"
    assert CARDS[name] in result.reason


@pytest.mark.parametrize("name", RECIPES)
def test_a_recipe_is_caught_by_exactly_one_check(name: str) -> None:
    check, text = RECIPES[name]
    ((caught, reason),) = failed("training", name)
    assert caught == check
    assert text in reason


def test_what_stays_on_the_cpu_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    """The device "meta" computes shapes only, which is enough to tell where tensors lie."""
    monkeypatch.setattr(fusion_moves, "accelerator", lambda: "meta")
    assert dict(failed("fusion", "stays-behind")).keys() == {"moves-to-another-device"}
    monkeypatch.setattr(fusion_moves, "accelerator", lambda: "cpu")
    assert list(failed("fusion", "healthy")) == []


@pytest.mark.parametrize("kind", ["fusion", "training"])
def test_every_check_has_a_violator(kind: str) -> None:
    caught = {check for check, _ in (FUSIONS if kind == "fusion" else RECIPES).values()}
    elsewhere = {"card-complete", "moves-to-another-device"} if kind == "fusion" else set()
    assert caught | elsewhere == {check.name for check in checks_for(kind)}
