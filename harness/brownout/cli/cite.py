"""``brownout cite``: what a paper that uses a run should cite."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from brownout_registry import Card, UsageError, catalogue

KEY = re.compile(r"@\w+\s*\{\s*([^\s,]+)")


def cite(run: Annotated[Path, typer.Argument(help="Run folder.")]) -> int:
    """Print BibTeX of the papers behind a run: methods, encoders, perturbations, attacks, numbers, figures, data."""
    from brownout.results import load_run

    facts = load_run(run).facts
    cards = [card for kind, name in dict.fromkeys(_components(facts)) if (card := _card(kind, name))]
    papers = [card.paper.bibtex for card in cards if card.paper]
    entries = _entries([*papers, *(each["citation"] for each in facts["datasets"])])
    for entry in entries:
        typer.echo(entry + "\n")
    return 0 if entries else 5


def _entries(texts: Iterable[str]) -> list[str]:
    """Each BibTeX entry once, by its key; a line that is none once, too."""
    found: dict[str, str] = {}
    for entry in (part.strip() for text in texts for part in re.split(r"^(?=@)", text, flags=re.MULTILINE)):
        key = match[1] if (match := KEY.match(entry)) else entry
        if found.setdefault(key, entry).split() != entry.split():
            typer.echo(f"% {key} has two texts, of which the first is printed; the other one is:\n{entry}", err=True)
    return [entry for entry in found.values() if entry]


def _card(kind: str, name: str) -> Card | None:
    try:
        return catalogue().find(kind, name).card
    except UsageError:
        typer.echo(f"% {kind} {name} is not installed here, so its citation is not known", err=True)
        return None


def _components(facts: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """(kind, name) of every component that a run's suite names, and of the perturbations and attacks that it has."""
    suite = facts["suite_content"]
    for method in suite["methods"]:
        yield "fusion", method["fusion"]
        yield from _encoders(method["encoders"])
        yield from _recipes(method["training"])
    yield from _encoders(suite["encoders"])
    yield from _recipes(suite["training"])
    for kind, found in (("metric", facts["metrics"]), ("summary", facts["summaries"])):
        yield from ((kind, each["use"]) for each in found)
    for kind, key in (("figure", "figures"), ("published", "published")):
        yield from ((kind, use["use"]) for use in suite.get(key, []))
    if named := suite["protocol"].get("use"):
        yield "protocol", named
    conditions = [used for found in facts.get("used", {}).values() for used in found.values()]
    yield from ((each["kind"], each["use"]) for used in conditions for each in used)


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
