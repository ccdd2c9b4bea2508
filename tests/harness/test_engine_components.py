"""What a component's hash stands for besides its options."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from brownout.engine.components import bind


@pytest.mark.parametrize("written", ["noise", "./noise", "~/noise"])
def test_what_lies_in_a_folder_that_an_option_names_is_part_of_it(
    written: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / "noise").mkdir()
    np.save(tmp_path / "noise" / "hum.npy", np.zeros(8, np.float32))
    before = bind("perturbation", "background-noise", {"folder": written}).source
    assert bind("perturbation", "background-noise", {"folder": written}).source == before
    np.save(tmp_path / "noise" / "hum.npy", np.ones(9, np.float32))
    assert bind("perturbation", "background-noise", {"folder": written}).source != before


def test_a_bare_word_that_is_no_path_is_not_looked_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    before = bind("perturbation", "word-masking", {"mask": "."}).source
    (tmp_path / "anything").write_text("new")
    assert bind("perturbation", "word-masking", {"mask": "."}).source == before
