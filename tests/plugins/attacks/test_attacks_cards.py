"""Cards, options and mistakes."""

from __future__ import annotations

import subprocess
import sys

import pytest

from brownout_attacks.plugin import brownout_attacks
from brownout_registry import KINDS, UsageError, bind_options, catalogue

CARDS = brownout_attacks()


def test_the_attacks_there_are():
    names = ["fgsm", "fgsm-l2", "fgsm-l1", "pgd", "pgd-l2", "apgd", "apgd-l2"]
    names += ["square", "square-l2", "cw-l2", "greedy-masking"]
    assert [card.name for card in CARDS] == names
    assert {card.name for card in CARDS if card.access == "black-box"} == {"square", "square-l2", "greedy-masking"}
    assert [card.norm for card in CARDS[:4]] == ["L-inf", "L2", "L1", "L-inf"]


@pytest.mark.parametrize("card", CARDS, ids=lambda card: card.name)
def test_a_card_is_complete(build, card):
    assert catalogue().find("attack", f"brownout-attacks/{card.name}").card.paper == card.paper
    for kind in KINDS:
        levels = card.levels.get(kind, card.levels.get("*"))
        assert (kind in card.takes) == (kind != "text" if card.norm != "words" else kind == "text")
        assert kind not in card.takes or (len(levels) == 5 and list(levels) == sorted(levels) and levels[0] > 0)
    build(card.name)
    for variant in card.variants:
        build(card.name, variant)
        assert card.name in ("apgd", "apgd-l2") or bind_options(card, {}, variant) != bind_options(card, {})


def test_robustbench_s_budgets_are_among_the_levels():
    levels = {card.name: card.levels for card in CARDS}
    assert 8 / 255 in levels["pgd"]["image"]
    assert 0.5 in levels["pgd-l2"]["*"]


def test_listing_imports_no_torch():
    code = (
        "import sys; from brownout_attacks import plugin; plugin.brownout_attacks(); sys.exit('torch' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


@pytest.mark.parametrize(
    ("name", "options", "message"),
    [
        ("fgsm-l2", {"label": "true"}, "option 'label' is 'true', expected one of 'target', 'predicted'"),
        ("pgd", {"steps": 0}, "attack 'pgd', option 'steps' is 0, expected a positive integer"),
        ("apgd-l2", {"steps": 0}, "attack 'apgd-l2', option 'steps' is 0, expected a positive integer"),
        ("cw-l2", {"steps": 0}, "option 'steps' is 0, expected a positive integer"),
        ("pgd", {"steps": 2.5}, "option 'steps' is 2.5"),
        ("pgd", {"step_size": 0}, "option 'step_size' is 0, expected null or a positive number"),
        ("pgd", {"step_size": float("nan")}, "option 'step_size' is nan"),
        ("pgd", {"step_unit": "pixels"}, "option 'step_unit' is 'pixels', expected one of 'budget', 'absolute'"),
        ("pgd-l2", {"restarts": 0}, "option 'restarts' is 0, expected a positive integer"),
        ("pgd", {"restarts": 2, "random_start": False}, "option 'restarts' is 2, expected 1 without random_start"),
        ("apgd", {"restarts": 2, "random_start": False}, "option 'restarts' is 2, expected 1 without random_start"),
        ("pgd", {"loss": "ce"}, "option 'loss' is 'ce', expected one of 'cross-entropy', 'dlr'"),
        ("square", {"queries": 0}, "attack 'square', option 'queries' is 0, expected a positive integer"),
        ("square-l2", {"p": 0}, "attack 'square-l2', option 'p' is 0, expected a share above 0 and up to 1"),
        ("square", {"p": 1.5}, "option 'p' is 1.5"),
        ("cw-l2", {"search_steps": 0}, "option 'search_steps' is 0"),
        ("cw-l2", {"initial_c": 0}, "option 'initial_c' is 0, expected a positive number"),
        ("cw-l2", {"step_size": -1}, "option 'step_size' is -1"),
        ("cw-l2", {"confidence": -1}, "option 'confidence' is -1, expected a number from 0"),
        ("greedy-masking", {"mask": None}, "option 'mask' is None, expected text"),
        ("greedy-masking", {"batch_size": 0}, "option 'batch_size' is 0"),
    ],
)
def test_mistakes_are_answered(build, name, options, message):
    with pytest.raises(UsageError, match=message):
        build(name, **options)
