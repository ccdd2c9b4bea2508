"""Finding plugins: our own loop over entry points, so that one broken plugin costs itself only."""

from __future__ import annotations

import inspect
import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import partial
from importlib.metadata import Distribution, EntryPoint, distributions
from typing import Any

import pluggy

from brownout_registry import hooks
from brownout_registry.cards import Card
from brownout_registry.errors import UsageError, unknown

GROUP = "brownout"


@dataclass(frozen=True)
class Plugin:
    """One plugin that was found: loaded when ``error`` is empty, else set aside for that reason."""

    name: str
    distribution: str
    version: str
    module: str
    error: str = ""
    cards: tuple[Card, ...] = ()


@dataclass(frozen=True)
class Plugins:
    """All plugins found, and pluggy's manager of the loaded ones (for lifecycle hooks)."""

    plugins: tuple[Plugin, ...]
    manager: pluggy.PluginManager = field(repr=False)

    @property
    def broken(self) -> tuple[Plugin, ...]:
        """Those that were set aside."""
        return tuple(plugin for plugin in self.plugins if plugin.error)


def load_plugins() -> Plugins:
    """Load every installed plugin that is not disabled.

    ``BROWNOUT_DISABLE_PLUGINS`` names plugins to leave out, separated by commas. With
    ``BROWNOUT_STRICT=1`` a broken plugin is an error.

    Raises:
        UsageError: two distributions register the same plugin name, or strict and one is broken.
    """
    manager = pluggy.PluginManager("brownout")
    manager.add_hookspecs(hooks)
    found = tuple(_load(manager, dist, point) for dist, point in _entry_points())
    plugins = Plugins(found, manager)
    if plugins.broken and os.environ.get("BROWNOUT_STRICT", "0") not in ("", "0"):
        raise UsageError("BROWNOUT_STRICT is set and plugins are broken:\n" + describe_broken(plugins.broken))
    return plugins


def describe_broken(broken: Iterable[Plugin]) -> str:
    """One line for each broken plugin."""
    return "\n".join(f"  plugin {p.name!r} of {p.distribution} {p.version}: {p.error}" for p in broken)


def _entry_points() -> list[tuple[Distribution, EntryPoint]]:
    disabled = {name.strip() for name in os.environ.get("BROWNOUT_DISABLE_PLUGINS", "").split(",")}
    chosen: dict[str, tuple[Distribution, EntryPoint]] = {}
    for dist, point in _installed():
        if point.name in disabled:
            continue
        other = chosen.get(point.name)
        if other and other[0].metadata["Name"] != dist.metadata["Name"]:
            raise UsageError(
                f"plugin {point.name!r} is registered by two distributions: {other[0].metadata['Name']} and "
                f"{dist.metadata['Name']}; uninstall one of them, or disable both with "
                f"BROWNOUT_DISABLE_PLUGINS={point.name}"
            )
        chosen.setdefault(point.name, (dist, point))
    return [chosen[name] for name in sorted(chosen)]


def _installed() -> Iterator[tuple[Distribution, EntryPoint]]:
    for dist in distributions():
        for point in dist.entry_points:
            if point.group == GROUP:
                yield dist, point


def _load(manager: pluggy.PluginManager, dist: Distribution, point: EntryPoint) -> Plugin:
    found = partial(Plugin, point.name, dist.metadata["Name"], dist.version, point.value)
    try:
        plugin = point.load()
        _check_hook_names(plugin)
        manager.register(plugin, name=point.name)
        return found(cards=tuple(_cards(plugin)))
    except (Exception, SystemExit) as error:  # noqa: BLE001  a plugin may fail in any way, and the others must go on
        if manager.has_plugin(point.name):
            manager.unregister(name=point.name)
        return found(error=_reason(error))


def _check_hook_names(plugin: Any) -> None:
    known = [name for name in vars(hooks) if name.startswith("brownout_") and callable(getattr(hooks, name))]
    for name, member in inspect.getmembers(plugin, inspect.isroutine):
        marked = getattr(member, "brownout_impl", None) is not None
        if (marked or name.startswith("brownout_")) and name not in known:
            raise ValueError(unknown("hook", name, known))
        if name in known and not marked:
            raise ValueError(f"hook {name!r} is not marked with @hookimpl")


def _cards(plugin: Any) -> Iterator[Card]:
    for hook, kind in hooks.CARD_HOOKS.items():
        if not hasattr(plugin, hook):
            continue
        for card in getattr(plugin, hook)():
            if not isinstance(card, kind):
                raise TypeError(f"hook {hook!r} returned a {type(card).__name__}, expected {kind.__name__}")
            yield card


def _reason(error: BaseException) -> str:
    return " ".join(f"{type(error).__name__}: {error}".split())
