"""What is demanded of every component's card, whatever its kind."""

from __future__ import annotations

import inspect
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from functools import cache
from typing import Any

from brownout.conformance.kit import Check, Subject, Violation
from brownout_registry import KINDS, REQUIRED, Card, EncoderCard, FusionCard, Paper, catalogue, resolve

NAME = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
FUSION_LEVELS, FUSION_MISSING = ("decision", "representation", "input"), ("skip", "zero", "token")
REPRESENTATIONS = ("vector", "map", "sequence")
FRESH = "import importlib, sys; importlib.import_module(sys.argv[1]); print('torch' in sys.modules)"


def card_checks(kind: str, complete: Callable[[Subject], None] | None = None) -> tuple[Check, Check]:
    """The checks of a card and of the module that registers it.

    Args:
        kind: of component.
        complete: another demand on the card, beside `card_is_complete`'s.
    """
    summary = "the card says what the component is, from which paper, under which licence, and what each option does"
    light = "the module that registers the component imports no torch"
    return (
        Check("card-complete", kind, summary, complete or card_is_complete),
        Check("import-without-torch", kind, light, registers_without_torch),
    )


def card_is_complete(subject: Subject) -> None:
    """Name the first thing that the card lacks.

    Raises:
        Violation: what it is, and what would be right.
    """
    for wrong in [*_texts(subject.card), *_paper(subject.card.paper), *_options(subject.card), *_kind(subject.card)]:
        raise Violation(f"the card of {subject.card.kind} {subject.card.name!r}: {wrong}")


def registers_without_torch(subject: Subject) -> None:
    """Import the plugin's module in a process of its own.

    Raises:
        Violation: torch came with it.
    """
    module = catalogue().find(subject.kind, subject.name).plugin.module.partition(":")[0]
    if _imports_torch(module):
        raise Violation(
            f"importing {module} imports torch: name components lazily in their cards ('module:attribute') and let "
            "the module that registers them import brownout_registry only"
        )


def _texts(card: Card) -> Iterator[str]:
    if not NAME.fullmatch(card.name):
        yield f"name {card.name!r}: lower-case words joined by '-' are right"
    if not card.summary.strip() or "\n" in card.summary:
        yield "'summary' must be one line that says what the component does"
    if card.licence.strip().lower() in ("", "unknown"):
        yield "'licence' must name the licence of the implementation, e.g. 'MIT'"
    if not re.fullmatch(r"[\w.]+:\w+", card.target):
        yield f"target {card.target!r}: 'module:attribute' is right"


def _paper(paper: Paper | None) -> Iterator[str]:
    """A component may come from no paper; one that is named is named whole."""
    if paper is None:
        return
    for name in ("title", "year", "url", "bibtex"):
        if not getattr(paper, name):
            yield f"its paper has no {name}"
    if not paper.url.startswith("http"):
        yield f"url {paper.url!r} of its paper: an address that starts with http is right"
    if not re.match(r"\s*@\w+\s*\{.+\}\s*$", paper.bibtex, re.DOTALL):
        yield f"bibtex of its paper: expected an entry '@article{{...}}', found {paper.bibtex[:40]!r}"


def _options(card: Card) -> Iterator[str]:
    names = [option.name for option in card.options]
    for option in card.options:
        if names.count(option.name) > 1:
            yield f"option {option.name!r} stands there twice"
        if not option.help.strip():
            yield f"option {option.name!r} has no help"
        if isinstance(option.default, list | dict | set):
            yield f"option {option.name!r}: its default {option.default!r} can be changed; write a tuple"
        known = (*option.choices, REQUIRED, None)
        if option.choices and option.default not in known:
            yield f"option {option.name!r}: its default {option.default!r} is none of its choices"
    for variant, given in card.variants.items():
        for name in sorted(set(given) - set(names)):
            yield f"variant {variant!r} sets {name!r}, which is no option"
    yield from _signature(card, names)


def _signature(card: Card, names: list[str]) -> Iterator[str]:
    parameters = inspect.signature(resolve(card)).parameters
    for name in names:
        if name not in parameters:
            yield f"{card.target} has no parameter for its option {name!r}"


def _kind(card: Card) -> Iterator[str]:
    if isinstance(card, FusionCard):
        if card.level not in FUSION_LEVELS:
            yield f"level {card.level!r}: one of {', '.join(FUSION_LEVELS)} is right"
        if card.missing not in FUSION_MISSING:
            yield f"missing {card.missing!r}: one of {', '.join(FUSION_MISSING)} is right"
        yield from _takes(card.takes, KINDS if card.level == "input" else REPRESENTATIONS)
        if card.oracle_unless and card.oracle_unless[0] not in {option.name for option in card.options}:
            yield f"oracle_unless names {card.oracle_unless[0]!r}, which is no option"
    elif isinstance(card, EncoderCard):
        yield from _takes(card.takes, KINDS)


def _takes(takes: tuple[str, ...], known: tuple[Any, ...]) -> Iterator[str]:
    if not takes:
        yield "'takes' is empty"
    for kind in takes:
        if kind not in known and takes != REPRESENTATIONS:
            yield f"takes {kind!r}: some of {', '.join(known)} are right"


@cache
def _imports_torch(module: str) -> bool:
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    command = [sys.executable, "-c", FRESH, module]
    done = subprocess.run(  # noqa: S603  the command is our own
        command, check=False, env=environment, capture_output=True, text=True
    )
    if done.returncode:
        raise Violation(f"{module} cannot be imported in a fresh process: {done.stderr.strip().splitlines()[-1]}")
    return done.stdout.strip() == "True"
