"""Fusions that no plugin registers: a class, a factory or a module of a notebook, for the duration of one run.

Nobody can tell all that such code depends on (a cell may be edited, a weight changed), so what it computes is
never answered from the cache: each run computes it anew.
"""

from __future__ import annotations

import copy
import inspect
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Literal, get_args
from uuid import uuid4

from torch import nn

from brownout.suite.schema import Suite
from brownout_registry import REQUIRED, FusionCard, Option, Plugin, UsageError, catalogue, hosting, unknown

Level = Literal["decision", "representation", "input"]
Missing = Literal["skip", "zero", "token"]
LEVELS: Mapping[str, Level] = {"heads": "decision", "representations": "representation", "modalities": "input"}
_factories: dict[str, Callable[..., Any]] = {}


@dataclass(frozen=True)
class Guest:
    """A fusion and what its card would say; see `brownout.fusion`."""

    content: Any
    level: Level
    trained: bool
    missing: Missing
    takes: tuple[str, ...]


def guest(
    content: Any,
    level: Level | None = None,
    trained: bool | None = None,
    missing: Missing = "skip",
    takes: tuple[str, ...] = ("vector", "map", "sequence"),
) -> Guest:
    """A class, a factory, or a module that is copied for each fit, with what the engine must know of it.

    Raises:
        UsageError: it cannot be called, or its level is neither given nor told by its signature.
    """
    if not callable(content):
        raise UsageError(f"a fusion is a class, a factory or a module, not {type(content).__name__} {content!r}")
    found: Any = level or getattr(content, "level", None) or _level_of(content)
    if found not in get_args(Level):
        name = getattr(content, "__name__", type(content).__name__)
        raise UsageError(
            f"fusion {name}: at which level does it fuse? write "
            f"brownout.fusion({name}, level='decision'), or 'representation', or 'input'"
        )
    return Guest(content, found, found != "decision" if trained is None else trained, missing, takes)


def __getattr__(name: str) -> Callable[..., Any]:
    """The factory of a guest, as its card's target names it."""
    if name not in _factories:
        raise AttributeError(f"no fusion {name!r} is a guest now")
    return _factories[name]


@contextmanager
def registered(fusions: Mapping[str, Any], executor: str) -> Iterator[None]:
    """Have fusions in the catalogue for a while.

    Raises:
        UsageError: one has the name of a registered fusion or does not say what it is, or work would be done in
            processes that do not know it.
    """
    if fusions and executor != "serial":
        raise UsageError(
            f"fusions: {', '.join(map(repr, fusions))}: known to this process alone; use the executor 'serial' "
            f"instead of {executor!r}, or register them in a plugin ('brownout new-plugin')"
        )
    plugins = [_plugin(name, each if isinstance(each, Guest) else guest(each)) for name, each in fusions.items()]
    try:
        with hosting(plugins):
            yield
    finally:
        for plugin in plugins:
            _factories.pop(plugin.cards[0].target.partition(":")[2], None)


def check_used(fusions: Mapping[str, Any], suite: Suite) -> None:
    """Refuse a fusion that no method of the suite names.

    Raises:
        UsageError: there is one.
    """
    used = {method.fusion for method in suite.methods}
    for name in fusions:
        if name not in used:
            raise UsageError(f"fusions: no method of the suite uses it: {unknown('fusion', name, used)}")


def _plugin(name: str, guest: Guest) -> Plugin:
    if name in {entry.card.name for entry in catalogue().list("fusion")}:
        owner = catalogue().find("fusion", name).plugin.distribution
        raise UsageError(f"fusions: {name!r} is registered by {owner}; choose another name")
    key = uuid4().hex
    factory = _copier(guest.content) if isinstance(guest.content, nn.Module) else guest.content
    _factories[f"{name}-{key}"] = factory
    card = FusionCard(
        name=name,
        target=f"{__name__}:{name}-{key}",  # a target is part of the key of every result
        summary=next(iter((inspect.getdoc(guest.content) or "Not registered").splitlines())),
        level=guest.level,
        trained=guest.trained,
        missing=guest.missing,
        takes=guest.takes,
        options=() if isinstance(guest.content, nn.Module) else tuple(_options(factory)),
    )
    return Plugin(name, f"unregistered-{name}", key[:12], __name__, cards=(card,))


def _copier(module: nn.Module) -> Callable[..., nn.Module]:
    def copied(task: Any, sources: Any) -> nn.Module:
        return copy.deepcopy(module)

    return copied


def _options(factory: Callable[..., Any]) -> Iterator[Option]:
    """What stands behind task and sources in a factory's signature."""
    for each in list(inspect.signature(factory).parameters.values())[2:]:
        if each.kind not in (each.VAR_POSITIONAL, each.VAR_KEYWORD):
            default = REQUIRED if each.default is each.empty else each.default
            yield Option(each.name, default, "of an unregistered fusion")


def _level_of(content: Any) -> Level | None:
    """The level that a factory's second parameter tells by its name."""
    if isinstance(content, nn.Module):
        return None
    names = list(inspect.signature(content).parameters)
    return LEVELS.get(names[1]) if len(names) > 1 else None
