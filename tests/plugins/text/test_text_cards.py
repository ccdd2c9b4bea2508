"""The cards say what the factories take, and importing them is cheap."""

from __future__ import annotations

import inspect
import subprocess
import sys

import pytest

from brownout_registry import REQUIRED, resolve
from brownout_text.plugin import brownout_encoders


@pytest.mark.parametrize("card", brownout_encoders(), ids=lambda card: card.name)
def test_options_are_the_factorys(card):
    _, *parameters = inspect.signature(resolve(card)).parameters.values()
    taken = {each.name: REQUIRED if each.default is each.empty else each.default for each in parameters}
    assert {option.name: option.default for option in card.options} == taken


def test_listing_imports_neither_torch_nor_transformers():
    code = "import sys, brownout_text.plugin; sys.exit(bool({'torch', 'transformers'} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
