"""Lifecycle hooks: a plugin that raises is reported and never costs a result."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from brownout.engine.faults import reason
from brownout_registry import catalogue


def announce(hook: str, warn: Callable[[str], None], **arguments: Any) -> None:
    """Call a lifecycle hook of every plugin, each on its own."""
    plugins = catalogue().plugins
    if plugins is None:
        return
    for implementation in getattr(plugins.manager.hook, hook).get_hookimpls():
        try:
            implementation.function(**{name: arguments[name] for name in implementation.argnames})
        except Exception as error:  # noqa: BLE001  somebody else's code, somebody else's fault
            warn(f"plugin {implementation.plugin_name!r}: {hook} raised {reason(error)}")
