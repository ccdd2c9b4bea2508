"""Every shipped fusion and training recipe holds the whole conformance kit under its defaults."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from brownout.conformance import Subject, parametrize_with_checks
from brownout_registry import catalogue

PLUGINS = (Path(__file__).parents[2] / "plugins").glob("*/pyproject.toml")
SHIPPED = {"brownout", *(f"brownout-{path.parent.name}" for path in PLUGINS)}
OPTIONS: Mapping[str, Mapping[str, Any]] = {"unimodal": {"modality": "a"}, "mmtm-resnet": {"model": "test_resnet"}}
SUBJECTS = [
    Subject(kind, f"{entry.plugin.distribution}/{entry.card.name}", OPTIONS.get(entry.card.name, {}))
    for kind in ("fusion", "training")
    for entry in catalogue().list(kind)
    if entry.plugin.distribution in SHIPPED
]


@pytest.fixture(scope="module", autouse=True)
def _one_thread() -> Iterator[None]:
    """What is computed here is too small to be shared among threads."""
    import torch

    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


def test_all_are_there() -> None:
    assert {"jacobian", "qmf", "mmtm-resnet", "regular", "ogm-ge"} <= {each.card.name for each in SUBJECTS}


@parametrize_with_checks(SUBJECTS)
def test_conformance(check: Callable[[], None]) -> None:
    check()
