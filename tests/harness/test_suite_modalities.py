"""Cells without data: what cards say of modalities, and who is asked where they say nothing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from brownout.engine.components import Component, bind
from brownout.results import Run
from brownout.suite import parse_suite
from brownout.suite.modalities import modalities_of, outline
from brownout_registry import UsageError

pytestmark = pytest.mark.usefixtures("testing_plugin")


@pytest.fixture
def silent(monkeypatch: pytest.MonkeyPatch, testing_plugin: Path) -> None:
    """No card of a dataset says anything of its modalities."""
    kept = Component.card.fget  # type: ignore[attr-defined]
    monkeypatch.setattr(Component, "card", property(lambda self: replace(kept(self), modalities=None)))


@pytest.mark.parametrize(
    ("name", "options"),
    [("synthetic", {}), ("synthetic", {"modalities": ["text", "audio", "vector"]}), ("scenes", {})],
)
def test_cards_tell_what_is_built(name: str, options: dict[str, Any]) -> None:
    component = bind("dataset", name, options)
    told = [(each.name, each.kind) for each in modalities_of(component)]
    assert told == [(each.name, each.kind) for each in component.build().modalities]


def test_a_dataset_whose_card_says_nothing_is_built_elsewhere(silent: None) -> None:
    component = bind("dataset", "synthetic", {"modalities": ["image", "vector"]})
    assert [(each.name, each.kind) for each in modalities_of(component)] == [("image", "image"), ("vector", "vector")]


def test_one_that_cannot_be_built_is_told_in_one_line(silent: None) -> None:
    component = bind("dataset", "synthetic", {"modalities": ["smell"]})
    with pytest.raises(UsageError, match=r"brownout-testing/synthetic: cannot be built: KeyError: 'smell'$"):
        modalities_of(component)


def test_the_outline_has_the_cells_of_the_run(compute: Callable[..., Run], make_suite: Callable[..., Any]) -> None:
    protocol = {"missing": {"patterns": "all", "rates": [0.5]}, "corruptions": {"each": ["shift"]}}
    datasets = [{"use": "synthetic", "name": "a"}, {"use": "synthetic", "name": "b", "seed": 1}]
    methods = [{"name": "mean", "fusion": "mean"}, {"name": "on b", "fusion": "mean", "datasets": ["b"]}]
    methods.append({"name": "absent", "fusion": "mean", "needs": ["no/such/file"]})
    content = make_suite(methods=methods, protocol=protocol, training={"epochs": 0, "seeds": [0, 1]})
    content["dataset"] = datasets
    run = compute(content)
    measured = [(each.dataset, each.method, each.seed, each.condition) for each in run.scores]
    cells = outline(parse_suite(content)).cells
    assert [(*cell.name[:3], cell.condition.facts) for cell in cells] == measured
