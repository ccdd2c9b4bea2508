"""``brownout cite``: what a paper that uses a run should cite."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from brownout_registry import Card, UsageError, catalogue


def cite(run: Annotated[Path, typer.Argument(help="Run folder.")]) -> int:
    """Print BibTeX of the papers behind a run's methods, encoders, perturbations and data."""
    from brownout.results import load_run

    facts = load_run(run).facts
    cards = [card for kind, name in _components(facts["suite_content"]) if (card := _card(kind, name))]
    papers = dict.fromkeys(card.paper.bibtex for card in cards if card.paper)
    data = dict.fromkeys(each["citation"] for each in facts["datasets"] if each["citation"])
    for text in dict.fromkeys([*papers, *data]):
        typer.echo(text.strip() + "\n")
    return 0 if papers or data else 5


def _card(kind: str, name: str) -> Card | None:
    try:
        return catalogue().find(kind, name).card
    except UsageError:
        typer.echo(f"% {kind} {name} is not installed here, so its citation is not known", err=True)
        return None


def _components(suite: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """(kind, name) of every component that a suite names."""
    for method in suite["methods"]:
        yield "fusion", method["fusion"]
        yield from _encoders(method["encoders"])
        yield from _recipes(method["training"])
    yield from _encoders(suite["encoders"])
    yield from _recipes(suite["training"])
    for kind, key in (("metric", "metrics"), ("published", "published")):
        yield from ((kind, use["use"]) for use in suite.get(key, []))
    if named := suite["protocol"].get("use"):
        yield "protocol", named
    yield from (("attack", use["use"]) for use in suite["protocol"].get("attacks", []))
    corruptions = suite["protocol"]["corruptions"]
    for part in corruptions if isinstance(corruptions, list) else [corruptions]:
        uses = part["each"] if isinstance(part["each"], list) else []
        for use in [*uses, *(use for joint in part["joint"] for use in joint.values())]:
            yield "perturbation", use["use"]


def _recipes(training: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    if "recipe" in training:
        yield "training", training["recipe"]
    for use in training.get("recipes", {}).values():
        yield "training", use if isinstance(use, str) else use["use"]


def _encoders(encoders: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for use in encoders.values():
        if use["use"]:
            yield "encoder", use["use"]
        if use["backbone"]:
            yield "encoder", use["backbone"]["use"]
