"""``brownout list``, ``show`` and ``plugins``: what is installed."""

from __future__ import annotations

import json
from dataclasses import asdict, fields
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
        Console().print(_table(entries))
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
        _describe(entry, Console(highlight=False))
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
    Console(highlight=False).print(table)
    return 0


def _names(entry: Entry) -> set[str]:
    card = entry.card
    return {card.name, f"{card.kind}/{card.name}", f"{entry.plugin.distribution}/{card.name}"}


def _matches(entry: Entry, pattern: str | None) -> bool:
    return pattern is None or pattern.lower() in f"{entry.card.name} {entry.card.summary}".lower()


def _table(entries: list[Entry]) -> Table:
    table = Table("kind", "name", "distribution", "summary", box=None, pad_edge=False)
    for entry in entries:
        table.add_row(entry.card.kind, entry.card.name, entry.plugin.distribution, entry.card.summary)
    return table


def _facts(entry: Entry) -> dict[str, Any]:
    return {"kind": entry.card.kind, "distribution": entry.plugin.distribution, **asdict(entry.card)}


def _describe(entry: Entry, console: Console) -> None:
    card = entry.card
    console.print(f"{card.kind} {card.name}  ({entry.plugin.distribution} {entry.plugin.version})", style="bold")
    console.print(card.summary, markup=False)
    plain = {"name", "target", "summary", "paper", "options", "variants"}
    for each in fields(card):
        value = getattr(card, each.name)
        if each.name not in plain and value not in ((), {}, "", None):
            console.print(f"  {each.name.replace('_', ' ')}: {_plain(value)}", markup=False)
    if card.paper:
        console.print(f"  paper: {card.paper.title} ({card.paper.year}) {card.paper.url}", markup=False)
    for option in card.options:
        choices = f" ({', '.join(map(str, option.choices))})" if option.choices else ""
        console.print(f"  option {option.name} = {option.default!r}{choices}: {option.help}", markup=False)
    for variant, options in card.variants.items():
        console.print(f"  variant {variant}: {_plain(options)}", markup=False)
    if isinstance(card, ProtocolCard):
        console.print(_protocol(card), markup=False, soft_wrap=True, end="")


def _protocol(card: ProtocolCard) -> str:
    """What a named protocol says, as a suite would."""
    plain = json.loads(json.dumps(resolve(card)(**bind_options(card, {}))))  # without YAML's references
    return yaml.safe_dump({"protocol": plain}, sort_keys=False, default_flow_style=None, width=110)


def _plain(value: Any) -> str:
    if isinstance(value, dict):
        return "; ".join(f"{key} = {_plain(each)}" for key, each in value.items())
    return ", ".join(map(str, value)) if isinstance(value, tuple | list) else str(value)


def _say_broken() -> None:
    for plugin in catalogue().broken:
        text = f"plugin {plugin.name!r} of {plugin.distribution} was set aside: {plugin.error}"
        Console(stderr=True, highlight=False).print(text, markup=False, soft_wrap=True)
