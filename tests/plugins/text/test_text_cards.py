"""The cards say what the factories take, and importing them is cheap."""

from __future__ import annotations

import inspect
import subprocess
import sys

import pytest

from brownout_registry import REQUIRED, resolve
from brownout_text.plugin import brownout_encoders, brownout_perturbations


@pytest.mark.parametrize("card", [*brownout_encoders(), *brownout_perturbations()], ids=lambda card: card.name)
def test_options_are_the_factorys(card):
    _, *parameters = inspect.signature(resolve(card)).parameters.values()
    taken = {each.name: REQUIRED if each.default is each.empty else each.default for each in parameters}
    taken.pop("levels", None)
    assert {option.name: option.default for option in card.options} == taken


def test_listing_imports_neither_torch_nor_transformers():
    code = "import sys, brownout_text.plugin; sys.exit(bool({'torch', 'transformers'} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_few_perturbations_are_default():
    defaults = [card.name for card in brownout_perturbations() if "text" in card.default_for]
    assert defaults == ["word-masking", "keyboard-typos", "word-deletion"]
