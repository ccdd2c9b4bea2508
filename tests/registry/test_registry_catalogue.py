"""Cards, names, options: the registry on its own."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import FrozenInstanceError, fields
from typing import Any

import pytest

from brownout_registry import (
    REQUIRED,
    Card,
    Catalogue,
    FusionCard,
    MetricCard,
    Option,
    Plugin,
    UsageError,
    bind_options,
    catalogue,
    resolve,
    unknown,
)
from brownout_registry import hooks as hook_module
from brownout_registry.hooks import CARD_HOOKS


def fusion(name: str = "f", target: str = "builtins:len", **more: Any) -> FusionCard:
    return FusionCard(name=name, target=target, summary="One line", level="decision", **more)


def plugin(distribution: str, *cards: Card, error: str = "") -> Plugin:
    return Plugin(distribution.partition("-")[2], distribution, "1", "module", error, cards)


def test_a_name_is_found_alone_and_with_its_distribution() -> None:
    found = Catalogue.of([plugin("brownout-a", fusion("x")), plugin("brownout-b", fusion("y"))])
    assert found.find("fusion", "x").plugin.distribution == "brownout-a"
    assert found.find("fusion", "brownout-b/y").card.name == "y"


def test_the_same_name_in_two_kinds_is_no_clash() -> None:
    metric = MetricCard(name="x", target="m:x", summary="", higher_is_better=True, range=(0, 1))
    found = Catalogue.of([plugin("brownout-a", fusion("x"), metric)])
    assert found.find("metric", "x").card is metric
    assert found.find("fusion", "x").card is not metric


def test_the_same_name_in_two_distributions_names_both() -> None:
    found = Catalogue.of([plugin("brownout-b", fusion("x")), plugin("brownout-a", fusion("x"))])
    with pytest.raises(UsageError, match="write brownout-a/x or brownout-b/x"):
        found.find("fusion", "x")
    assert found.find("fusion", "brownout-b/x").plugin.distribution == "brownout-b"


def test_the_same_name_twice_in_one_distribution_names_it() -> None:
    with pytest.raises(UsageError, match="brownout-a registers fusion 'x' twice"):
        Catalogue.of([plugin("brownout-a", fusion("x")), plugin("brownout-a", fusion("x"))])


def test_an_unknown_name_has_close_matches_and_the_broken_plugins() -> None:
    found = Catalogue.of([plugin("brownout-a", fusion("mean")), plugin("brownout-b", error="ImportError: no foo")])
    with pytest.raises(UsageError) as caught:
        found.find("fusion", "maen")
    assert "unknown fusion 'maen'; did you mean 'mean'?" in str(caught.value)
    assert "plugin 'b' of brownout-b 1: ImportError: no foo" in str(caught.value)
    with pytest.raises(UsageError, match="known: none"):
        found.find("metric", "mean")


def test_entries_are_listed_by_kind_and_name() -> None:
    metric = MetricCard(name="a", target="m:a", summary="", higher_is_better=True, range=(0, 1))
    found = Catalogue.of([plugin("brownout-a", metric, fusion("z"), fusion("b"))])
    assert [entry.card.name for entry in found.list()] == ["b", "z", "a"]
    assert [entry.card.name for entry in found.list("fusion")] == ["b", "z"]
    assert list(found.list("dataset")) == []


def test_the_installed_catalogue_is_loaded_once() -> None:
    assert catalogue() is catalogue()


@pytest.mark.parametrize("target", ["nowhere:f", "builtins:nothing", "builtins", "brownout_registry:hooks.f"])
def test_a_target_that_is_not_there_is_named(target: str) -> None:
    with pytest.raises(UsageError, match=f"fusion 'f': target '{target}' cannot be imported"):
        resolve(fusion(target=target))


OPTIONS = (Option("gamma", 0.1, "strength"), Option("modality", REQUIRED, "which"), Option("mode", "a", "", ("a", "b")))
CARD = fusion(options=OPTIONS, variants={"released": {"gamma": 0.9, "mode": "b"}})


@pytest.mark.parametrize(
    ("given", "variant", "bound"),
    [
        ({"modality": "x"}, None, {"gamma": 0.1, "modality": "x", "mode": "a"}),
        ({"modality": "x"}, "released", {"gamma": 0.9, "modality": "x", "mode": "b"}),
        ({"modality": "x", "gamma": 0.5}, "released", {"gamma": 0.5, "modality": "x", "mode": "b"}),
    ],
)
def test_options_are_defaults_then_the_variant_then_what_is_given(
    given: dict[str, Any], variant: str | None, bound: dict[str, Any]
) -> None:
    assert bind_options(CARD, given, variant) == bound


@pytest.mark.parametrize(
    ("given", "variant", "message"),
    [
        ({"modality": "x", "gama": 1}, None, "fusion 'f': unknown option 'gama'; did you mean 'gamma'"),
        ({}, None, "fusion 'f': option 'modality' is required: which"),
        ({"modality": "x", "mode": "c"}, None, "fusion 'f': option 'mode' is 'c', expected one of 'a', 'b'"),
        ({"modality": "x"}, "relaesed", "fusion 'f': unknown variant 'relaesed'; did you mean 'released'"),
    ],
)
def test_options_that_do_not_fit_are_named(given: dict[str, Any], variant: str | None, message: str) -> None:
    with pytest.raises(UsageError) as caught:
        bind_options(CARD, given, variant)
    assert message in str(caught.value)


def test_binding_changes_neither_card_nor_what_was_given() -> None:
    given = {"modality": "x"}
    bind_options(CARD, given, "released")["gamma"] = 7
    assert given == {"modality": "x"}
    assert CARD.options == OPTIONS
    assert CARD.variants == {"released": {"gamma": 0.9, "mode": "b"}}


@pytest.mark.parametrize("known", [["mean"], [], ["b", "a"]])
def test_an_unknown_name_is_always_quoted(known: list[str]) -> None:
    assert "unknown thing 'x'" in unknown("thing", "x", known)


@pytest.mark.parametrize("card", [CARD, *(entry.card for entry in catalogue().list())], ids=lambda card: card.name)
def test_cards_are_frozen(card: Card) -> None:
    for each in fields(card):
        with pytest.raises(FrozenInstanceError):
            setattr(card, each.name, "other")


def test_every_kind_of_card_has_its_hook() -> None:
    assert set(CARD_HOOKS.values()) == set(Card.__subclasses__())
    specs = {name for name, member in vars(hook_module).items() if hasattr(member, "brownout_spec")}
    lifecycle = {"brownout_run_started", "brownout_cell_finished", "brownout_run_finished"}
    assert specs == set(CARD_HOOKS) | lifecycle
    assert len({card.kind for card in CARD_HOOKS.values()}) == len(CARD_HOOKS)


def test_the_registry_imports_pluggy_and_nothing_heavy() -> None:
    code = "import sys, brownout_registry.contracts, brownout_registry.results; print(*sorted(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = {name.partition(".")[0] for name in done.stdout.split()}
    assert "pluggy" in loaded
    assert not loaded & {"torch", "numpy", "brownout", "pydantic", "typer", "rich"}
