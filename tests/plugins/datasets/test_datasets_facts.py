"""What cards say of modalities is what the built datasets have."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from brownout.engine.components import bind
from brownout.suite.modalities import modalities_of
from brownout_registry import DatasetCard, UsageError, catalogue

CASES: list[tuple[str, dict[str, Any]]] = [
    ("htad", {}),
    ("emoji", {}),
    ("two-moons", {}),
    ("digits-views", {}),
    ("digits-views", {"views": ["top", "picture", "bottom"]}),
    ("avmnist-fsdd", {}),
    ("avmnist-fsdd", {"audio": "logmel64"}),
    ("avmnist-fsdd", {"audio": "waveform"}),
    ("handwritten6", {}),
    ("handwritten6", {"views": [5, "pix"]}),
    ("sisfall", {}),
    ("sisfall", {"sensors": ["gyro", 0]}),
    ("nyuv2", {}),
]


def check(name: str, options: dict[str, Any]) -> None:
    component = bind("dataset", name, options)
    told = [(each.name, each.kind) for each in modalities_of(component)]
    assert told == [(each.name, each.kind) for each in component.build().modalities]


@pytest.mark.parametrize(("name", "options"), CASES)
def test_cards_tell_the_modalities(name: str, options: dict[str, Any], request: pytest.FixtureRequest) -> None:
    if "root" in [option.name for option in catalogue().find("dataset", name).card.options]:
        folder = request.getfixturevalue("shared_data") / name.replace("-", "_")
        if not folder.is_dir():
            pytest.skip(f"{folder} is absent")
        options = {**options, "root": str(folder)}
    check(name, options)


def test_files_tell_what_the_suite_says(tmp_path: Path) -> None:
    rows = "\n".join(f"{i},{i * 2},w{i},{i % 2}" for i in range(20))
    (tmp_path / "data.csv").write_text(f"a,b,words,label\n{rows}\n")
    modalities = {"note": {"column": "words", "kind": "text"}, "numbers": {"columns": ["a", "b"], "kind": "vector"}}
    check("files", {"path": str(tmp_path / "data.csv"), "modalities": modalities})
    np.savez(tmp_path / "data.npz", picture=np.zeros((20, 4, 4), np.uint8), label=np.arange(20) % 2)
    check("files", {"path": str(tmp_path / "data.npz"), "modalities": {"p": {"column": "picture", "kind": "depth"}}})


def test_every_shipped_card_tells() -> None:
    ours = [e.card for e in catalogue().list("dataset") if e.plugin.distribution == "brownout-datasets"]
    assert {card.name for card in ours} == {name for name, _ in CASES} | {"files"}
    assert all(isinstance(card, DatasetCard) and card.modalities for card in ours)


def test_a_wrong_option_is_told_without_building() -> None:
    with pytest.raises(UsageError, match=r"digits-views.*views.*unknown view 'tpo'"):
        modalities_of(bind("dataset", "digits-views", {"views": ["tpo"]}))


def test_asking_imports_nothing_heavy() -> None:
    code = """
import sys
from brownout.engine.components import bind
from brownout.suite.modalities import modalities_of
for name in ("htad", "digits-views", "avmnist-fsdd", "handwritten6", "sisfall", "nyuv2"):
    modalities_of(bind("dataset", name, {}))
modalities_of(bind("dataset", "files", {"path": "x", "modalities": {"a": {"column": "a", "kind": "text"}}}))
print(sorted({"torch", "numpy", "sklearn", "pandas", "pyarrow"} & sys.modules.keys()))
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
