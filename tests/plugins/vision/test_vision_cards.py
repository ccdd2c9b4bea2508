"""The cards say what the factories take, and importing them is cheap."""

from __future__ import annotations

import inspect
import subprocess
import sys
from typing import get_type_hints

import pytest

from brownout.engine.components import bind
from brownout_registry import REQUIRED, Modality, UsageError, catalogue, resolve
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


@pytest.mark.parametrize("card", [entry.card for entry in catalogue().list("perturbation")], ids=lambda card: card.name)
def test_the_types_of_options_can_be_read(card):
    """Of every plugin: without them the harness cannot refuse an option of another type."""
    target = resolve(card)
    hints = get_type_hints(target.__init__ if isinstance(target, type) else target)
    assert {option.name for option in card.options} <= hints.keys()


@pytest.mark.parametrize("pictures", [5, None, ["a"]])
def test_an_option_of_another_type_is_refused(pictures):
    photo = Modality("photo", "image", (3, 64, 64), range=(0.0, 1.0))
    with pytest.raises(UsageError, match=r"perturbation 'frost': option 'pictures' is .*valid string$"):
        bind("perturbation", "frost", {"pictures": pictures}).build(photo, levels=[1, 2])


def test_listing_imports_no_torch():
    code = "import sys, brownout_vision.plugin; sys.exit(bool({'torch', 'timm', 'safetensors'} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
