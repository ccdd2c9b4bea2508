"""The catalogue: every component of every loaded plugin, by kind and name."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from importlib import import_module
from typing import Any, TypeVar

from brownout_registry.cards import REQUIRED, Card
from brownout_registry.errors import UsageError, unknown
from brownout_registry.loader import Plugin, Plugins, describe_broken, load_plugins

AnyCard = TypeVar("AnyCard", bound=Card)


@dataclass(frozen=True)
class Entry:
    """A card and the plugin it came from."""

    card: Card
    plugin: Plugin


@dataclass(frozen=True)
class Catalogue:
    """All components; look one up with `find`, import it with `resolve`.

    Example:
        >>> from brownout_registry import Catalogue, MetricCard, Plugin
        >>> card = MetricCard(name="size", target="builtins:len", summary="", higher_is_better=True, range=(0, 9))
        >>> catalogue = Catalogue.of([Plugin("p", "brownout-p", "1", "p", cards=(card,))])
        >>> catalogue.find("metric", "brownout-p/size").card.name
        'size'
        >>> resolve(catalogue.find("metric", "size").card)
        <built-in function len>
    """

    entries: Mapping[str, Mapping[str, Entry]]
    broken: tuple[Plugin, ...] = ()
    plugins: Plugins | None = field(default=None, repr=False)

    @classmethod
    def of(cls, plugins: Iterable[Plugin], source: Plugins | None = None) -> Catalogue:
        """Sort cards by kind and full name.

        Raises:
            UsageError: a plugin registers a component twice.
        """
        entries: dict[str, dict[str, Entry]] = {}
        plugins = tuple(plugins)
        for plugin in plugins:
            for card in plugin.cards:
                full = f"{plugin.distribution}/{card.name}"
                if full in entries.setdefault(card.kind, {}):
                    raise UsageError(f"{plugin.distribution} registers {card.kind} {card.name!r} twice")
                entries[card.kind][full] = Entry(card, plugin)
        return cls(entries, tuple(plugin for plugin in plugins if plugin.error), source)

    def find(self, kind: str, name: str) -> Entry:
        """The component of that name; ``distribution/name`` always resolves.

        Raises:
            UsageError: unknown name (with close matches and the broken plugins that might have had it),
                or one that two distributions provide.
        """
        known = self.entries.get(kind, {})
        if name in known:
            return known[name]
        hits = [full for full, entry in known.items() if entry.card.name == name]
        if len(hits) > 1:
            raise UsageError(f"{kind} {name!r} is provided by two distributions: write {' or '.join(sorted(hits))}")
        if not hits:
            raise UsageError(self._unknown(kind, name))
        return known[hits[0]]

    def list(self, kind: str | None = None) -> Iterator[Entry]:
        """All entries, or those of one kind, by kind and name."""
        for each in [kind] if kind else sorted(self.entries):
            yield from sorted(self.entries.get(each, {}).values(), key=lambda entry: entry.card.name)

    def _unknown(self, kind: str, name: str) -> str:
        message = unknown(kind, name, {entry.card.name for entry in self.list(kind)})
        if self.broken:
            message += "\nplugins that could not be loaded and may provide it:\n" + describe_broken(self.broken)
        return message


_guests: list[Plugin] = []


@cache
def catalogue() -> Catalogue:
    """The catalogue of what is installed, loaded once per process."""
    plugins = load_plugins()
    return Catalogue.of((*plugins.plugins, *_guests), plugins)


@contextmanager
def hosting(plugins: Iterable[Plugin]) -> Iterator[None]:
    """Have plugins that are not installed in this process's catalogue for a while.

    Example:
        >>> from brownout_registry import FusionCard, Plugin, catalogue
        >>> card = FusionCard(name="guest", target="builtins:len", summary="", level="decision")
        >>> with hosting([Plugin("guest", "nowhere", "1", "builtins", cards=(card,))]):
        ...     catalogue().find("fusion", "guest").plugin.distribution
        'nowhere'
    """
    before = list(_guests)
    _guests.extend(plugins)
    catalogue.cache_clear()
    try:
        yield
    finally:
        _guests[:] = before
        catalogue.cache_clear()


def resolve(card: Card) -> Any:
    """Import what the card's target names.

    Raises:
        UsageError: the module cannot be imported or has no such attribute.
    """
    module, _, attribute = card.target.partition(":")
    try:
        return getattr(import_module(module), attribute)
    except (ImportError, AttributeError) as error:
        raise UsageError(f"{card.kind} {card.name!r}: target {card.target!r} cannot be imported: {error}") from error


def bind_options(card: Card, given: Mapping[str, Any], variant: str | None = None) -> dict[str, Any]:
    """All options of a component: defaults, then the variant's, then the given ones.

    Example:
        >>> from brownout_registry import FusionCard, Option
        >>> card = FusionCard(name="f", target="m:f", summary="", level="decision", options=(Option("gamma", 0.1, ""),))
        >>> bind_options(card, {"gamma": 0.5})
        {'gamma': 0.5}

    Raises:
        UsageError: unknown option or variant, a missing required option, or a value outside the choices.
    """
    if variant is not None and variant not in card.variants:
        raise UsageError(f"{card.kind} {card.name!r}: {unknown('variant', variant, card.variants)}")
    known = {option.name: option for option in card.options}
    for name in given:
        if name not in known:
            raise UsageError(f"{card.kind} {card.name!r}: {unknown('option', name, known)}")
    chosen = {name: option.default for name, option in known.items()}
    chosen |= {**(card.variants[variant] if variant else {}), **given}
    for name, value in chosen.items():
        if value is REQUIRED:
            raise UsageError(f"{card.kind} {card.name!r}: option {name!r} is required: {known[name].help}")
        if known[name].choices and value not in known[name].choices:
            choices = ", ".join(map(repr, known[name].choices))
            raise UsageError(f"{card.kind} {card.name!r}: option {name!r} is {value!r}, expected one of {choices}")
    return chosen
