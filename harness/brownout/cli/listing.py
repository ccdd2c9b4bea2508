"""``brownout list``, ``show`` and ``plugins``: what is installed."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from dataclasses import asdict, fields
from functools import partial
from typing import Annotated, Any

import typer
import yaml
from rich.console import Console
from rich.table import Table

from brownout_registry import Entry, ProtocolCard, UsageError, bind_options, catalogue, resolve, unknown
from brownout_registry.cards import Card

Json = Annotated[bool, typer.Option("--json", envvar="BROWNOUT_JSON", help="Machine-readable.")]


def list_components(
    kind: Annotated[str | None, typer.Argument(help="fusion, encoder, dataset, metric ...; all if not given.")] = None,
    pattern: Annotated[str | None, typer.Argument(help="Only names or summaries that contain this.")] = None,
    as_json: Json = False,
) -> int:
    """List components by kind."""
    found = catalogue()
    kinds = sorted({*found.entries, *(card.kind for card in Card.__subclasses__())})
    singular = kind[:-1] if kind and kind not in kinds and kind.endswith("s") else kind
    if singular is not None and singular not in kinds:
        raise UsageError(unknown("kind", singular, kinds))
    entries = [entry for entry in found.list(singular) if _matches(entry, pattern)]
    if as_json:
        typer.echo(json.dumps([_facts(entry) for entry in entries], indent=1, default=str))
    elif entries:
        _print(_table(entries, with_kind=singular is None))
    _say_broken()
    return 0 if entries else 5


def show(name: Annotated[str, typer.Argument(help="A component, as NAME or KIND/NAME.")], as_json: Json = False) -> int:
    """Show a component: what it is, its options, its paper. 'brownout show suite-schema' prints the JSON schema."""
    if name == "suite-schema":
        from brownout.suite.schema import Suite

        typer.echo(json.dumps(Suite.model_json_schema(), indent=1))
        return 0
    entries = [entry for entry in catalogue().list() if name in _names(entry)]
    if not entries:
        _say_broken()
        raise UsageError(unknown("component", name, {entry.card.name for entry in catalogue().list()}))
    if as_json:
        typer.echo(json.dumps([_facts(entry) for entry in entries], indent=1, default=str))
        return 0
    for entry in entries:
        _describe(entry, partial(Console(highlight=False).print, markup=False, soft_wrap=True))
    return 0


def plugins(as_json: Json = False) -> int:
    """List plugins, the broken ones with the reason."""
    loaded = catalogue().plugins
    found = loaded.plugins if loaded else ()
    if as_json:
        rows = [{**asdict(plugin), "cards": [card.name for card in plugin.cards]} for plugin in found]
        typer.echo(json.dumps(rows, indent=1))
        return 0
    table = Table("plugin", "distribution", "version", "components", box=None, pad_edge=False)
    for plugin in found:
        what = f"BROKEN: {plugin.error}" if plugin.error else str(len(plugin.cards))
        table.add_row(plugin.name, plugin.distribution, plugin.version, what)
    _print(table)
    return 0


def _names(entry: Entry) -> set[str]:
    card = entry.card
    return {card.name, f"{card.kind}/{card.name}", f"{entry.plugin.distribution}/{card.name}"}


def _matches(entry: Entry, pattern: str | None) -> bool:
    return pattern is None or pattern.lower() in f"{entry.card.name} {entry.card.summary}".lower()


def _table(entries: list[Entry], *, with_kind: bool) -> Table:
    table = Table("kind/name" if with_kind else "name", "distribution", "summary", box=None, pad_edge=False)
    for entry in entries:
        name = f"{entry.card.kind}/{entry.card.name}" if with_kind else entry.card.name
        table.add_row(name, entry.plugin.distribution, entry.card.summary)
    return table


def _print(table: Table) -> None:
    """In a terminal as wide as it is; elsewhere a row is a line, so that it can be searched."""
    Console(highlight=False, width=None if sys.stdout.isatty() else 1000).print(table)


def _facts(entry: Entry) -> dict[str, Any]:
    return {"kind": entry.card.kind, "distribution": entry.plugin.distribution, **asdict(entry.card)}


def _describe(entry: Entry, say: Callable[..., None]) -> None:
    card = entry.card
    say(f"{card.kind} {card.name}  ({entry.plugin.distribution} {entry.plugin.version})", style="bold")
    say(card.summary)
    plain = {"name", "target", "summary", "paper", "options", "variants"}
    for each in fields(card):
        value = getattr(card, each.name)
        if each.name not in plain and value not in ((), {}, "", None):
            say(f"  {each.name.replace('_', ' ')}: {_plain(value)}")
    if card.paper:
        say(f"  paper: {card.paper.title} ({card.paper.year}) {card.paper.url}")
    for option in card.options:
        choices = f" ({', '.join(map(str, option.choices))})" if option.choices else ""
        say(f"  option {option.name} = {option.default!r}{choices}: {option.help}")
    for variant, options in card.variants.items():
        say(f"  variant {variant}: {_plain(options)}")
    if isinstance(card, ProtocolCard):
        say(_protocol(card), end="")


def _protocol(card: ProtocolCard) -> str:
    """What a named protocol says, as a suite would."""
    plain = json.loads(json.dumps(resolve(card)(**bind_options(card, {}))))  # without YAML's references
    return yaml.safe_dump({"protocol": plain}, sort_keys=False, default_flow_style=None, width=110)


def _plain(value: Any) -> str:
    if isinstance(value, dict):
        return "; ".join(f"{key} = {_plain(each)}" for key, each in value.items())
    if isinstance(value, tuple | list):
        return ", ".join(map(_plain, value))
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def _say_broken() -> None:
    for plugin in catalogue().broken:
        text = f"plugin {plugin.name!r} of {plugin.distribution} was set aside: {plugin.error}"
        Console(stderr=True, highlight=False).print(text, markup=False, soft_wrap=True)
