"""The cards say what the factories take, and importing them is cheap."""

from __future__ import annotations

import inspect
import subprocess
import sys

import pytest

from brownout_registry import REQUIRED, resolve
from brownout_vision.plugin import brownout_encoders, brownout_perturbations


@pytest.mark.parametrize("card", brownout_encoders(), ids=lambda card: card.name)
def test_options_are_the_factorys(card):
    _, *parameters = inspect.signature(resolve(card)).parameters.values()
    taken = {each.name: REQUIRED if each.default is each.empty else each.default for each in parameters}
    assert {option.name: option.default for option in card.options} == taken


@pytest.mark.parametrize("card", brownout_perturbations(), ids=lambda card: card.name)
def test_options_are_the_perturbations(card):
    _, _, *parameters = inspect.signature(resolve(card)).parameters.values()
    assert {option.name: option.default for option in card.options} == {each.name: each.default for each in parameters}
    assert not card.default_for
    assert not card.features


def test_listing_imports_no_torch():
    code = "import sys, brownout_vision.plugin; sys.exit(bool({'torch', 'timm', 'safetensors'} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
