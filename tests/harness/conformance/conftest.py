"""What the tests of the conformance kit share: components that are registered for one test."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from brownout.conformance.kit import Outcome, Subject, outcome
from brownout.conformance.registered import checks_for
from brownout_registry import Card, Plugin, Plugins, catalogue


@pytest.fixture
def register(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Subject]]:
    """``register(EncoderCard, factory, takes=("vector",))``: the only component there is, for this test."""
    module = ModuleType("violators")
    monkeypatch.setitem(sys.modules, "violators", module)

    def add(card: type[Card], component: Any, *, plugin: str = "json", **facts: Any) -> Subject:
        module.component = component
        facts = {"name": "violator", "target": "violators:component", "summary": "Breaks one promise.", **facts}
        found = Plugin("violating", "violating", "1", plugin, cards=(card(**facts),))
        monkeypatch.setattr(sys.modules["brownout_registry.catalogue"], "load_plugins", lambda: Plugins((found,), None))
        catalogue.cache_clear()
        return Subject(card.kind, facts["name"])

    yield add
    catalogue.cache_clear()


@pytest.fixture
def failed() -> Callable[[Subject], dict[str, str]]:
    """``failed(subject)``: the checks that it fails, with the reasons."""

    def run(subject: Subject, *names: str) -> dict[str, str]:
        checks = [each for each in checks_for(subject.kind) if not names or each.name in names]
        assert not names or {each.name for each in checks} == set(names)
        found: list[Outcome] = [outcome(check, subject) for check in checks]
        return {each.check.name: each.reason for each in found if each.status == "failed"}

    return run


@pytest.fixture
def caught(register: Callable[..., Subject], failed: Callable[..., dict[str, str]]) -> Callable[..., str]:
    """``caught("batch-of-one", EncoderCard, factory, ...)``: why that check failed; an error if it did not."""

    def run(name: str, card: type[Card], component: Any, **facts: Any) -> str:
        reasons = failed(register(card, component, **facts), name)
        assert name in reasons, f"{name} let the violator pass"
        return reasons[name]

    return run


INSTALLED = '''"""Two data sets: one that is the same everywhere, one that is not."""

import os

import torch

from brownout_registry import Dataset, DatasetCard, Modality, Split, Task, hookimpl


@hookimpl
def brownout_datasets():
    cards = {"steady": "Steady.", "of-this-process": "Its fingerprint is of the process."}
    return [
        DatasetCard(name=name, target=f"violating_site:{name.replace('-', '_')}", summary=summary)
        for name, summary in cards.items()
    ]


def _data(fingerprint):
    present = torch.ones(2, 1, dtype=torch.bool)
    splits = {
        name: Split(torch.arange(2) + 2 * place, torch.arange(2), present, lambda _, rows: torch.zeros(len(rows), 1))
        for place, name in enumerate(("train", "validation", "test"))
    }
    return Dataset((Modality("a", "vector", (1,)),), Task(("x", "y"), (0.5, 0.5)), splits, fingerprint)


def steady():
    return _data("steady")


def of_this_process():
    return _data(str(os.getpid()))
'''


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], Subject]]:
    """``installed("steady")``: a data set of a plugin that other processes find too."""
    metadata = tmp_path / "violating_site-1.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: violating-site\nVersion: 1\n")
    (metadata / "entry_points.txt").write_text("[brownout]\nviolating = violating_site\n")
    (tmp_path / "violating_site.py").write_text(INSTALLED)
    monkeypatch.syspath_prepend(str(tmp_path))
    catalogue.cache_clear()
    yield lambda name: Subject("dataset", name)
    catalogue.cache_clear()
    sys.modules.pop("violating_site", None)
