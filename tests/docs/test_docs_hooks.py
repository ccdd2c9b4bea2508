"""Every hook is in the manual, with its exact arguments and all that its card says; no link leads nowhere."""

from __future__ import annotations

import inspect
import re
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest

from brownout_registry import Card, hooks

DOCS = Path(__file__).parents[2] / "docs"
HOOKS = {name: member for name, member in vars(hooks).items() if hasattr(member, "brownout_spec")}
SECTIONS = dict(re.findall(r"^## (\w+)\n(.*?)(?=^## |\Z)", (DOCS / "hooks.md").read_text(), re.MULTILINE | re.DOTALL))
COMMON = {each.name for each in fields(Card)}
CALL = re.compile(r"`(factory|target)\((.*?)\)")
PAGES = sorted(DOCS.glob("*.md"))


def signature_of(hook: Any) -> str:
    return f"def {hook.__name__}{inspect.signature(hook)}".replace("cards.", "").replace("'", "")


def test_every_hook_has_a_section_and_every_section_a_hook() -> None:
    assert set(SECTIONS) == set(HOOKS)


@pytest.mark.parametrize("name", HOOKS)
def test_its_arguments_are_those_of_the_code(name: str) -> None:
    assert f"```python\n{signature_of(HOOKS[name])}\n```" in SECTIONS.get(name, "")


@pytest.mark.parametrize("name", hooks.CARD_HOOKS)
def test_the_fields_of_its_card_are_all_there(name: str) -> None:
    own = {each.name for each in fields(hooks.CARD_HOOKS[name])} - COMMON
    assert set(re.findall(r"^\| `(\w+)` \|", SECTIONS[name], re.MULTILINE)) == own


@pytest.mark.parametrize("name", hooks.CARD_HOOKS)
def test_the_call_is_that_of_the_contract(name: str) -> None:
    documented = {(what, arguments) for what, arguments in CALL.findall(SECTIONS[name])}
    card = hooks.CARD_HOOKS[name]
    promised = set(re.findall(r"``(factory|target)\((.*?)\)", card.__doc__ or ""))
    fusion = {("factory", f"task, {each}, **options") for each in ("heads", "representations", "modalities")}
    assert documented == (promised or fusion)


def test_what_every_card_has_is_told() -> None:
    before, _, _ = (DOCS / "hooks.md").read_text().partition("## brownout_datasets")
    assert {name for name in COMMON if f"`{name}`" in before} == COMMON


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_every_link_leads_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\((?!https?:)([^)]+)\)", page.read_text()):
        file, _, place = target.partition("#")
        to = (page.parent / file).resolve() if file else page
        assert to.exists(), target
        headings = re.findall(r"^#+ (.+)$", to.read_text(), re.MULTILINE) if place else []
        anchors = {re.sub(r"[^\w\- ]", "", each.lower()).replace(" ", "-") for each in headings}
        assert not place or place in anchors, target
