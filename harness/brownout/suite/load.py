"""From a YAML file to a validated suite, with errors that name file and key."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from brownout.engine.faults import located
from brownout.suite.mistakes import mistakes
from brownout.suite.reading import read_yaml
from brownout.suite.schema import Suite
from brownout_registry import UsageError, bind_options, catalogue, resolve, unknown


def load_suite(path: Path, overrides: Sequence[str] = ()) -> Suite:
    """Read, override and validate a suite file.

    Args:
        path: YAML file.
        overrides: ``key.path=value`` texts, the value in YAML, list items by index.

    Raises:
        UsageError: names the file and the key, and what would be right.
    """
    return parse_suite(_read(path), str(path), overrides)


def parse_suite(content: Any, source: str = "suite", overrides: Sequence[str] = ()) -> Suite:
    """Validate a suite that is already a mapping.

    Example:
        >>> parse_suite({"suite": "s", "dataset": "htad", "methods": [{"name": "m", "fusoin": "mean"}]})
        Traceback (most recent call last):
        ...
        brownout_registry.errors.UsageError: suite: methods[0].fusion: is required
        suite: methods[0].fusoin: unknown key 'fusoin'; did you mean 'fusion'?
    """
    if not isinstance(content, dict):
        raise UsageError(f"{source}: expected a mapping with the keys of a suite, found {type(content).__name__}")
    for override in overrides:
        _override(content, override)
    _insert_named_protocol(content, source)
    try:
        return Suite.model_validate(content).read_from(source)
    except ValidationError as error:
        found = mistakes(content, error.errors())
        raise UsageError("\n".join(f"{source}: {each}" for each in found)) from None


def _read(path: Path) -> Any:
    try:
        with located(str(path)):
            return read_yaml(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        near = [each.name for each in path.parent.glob("*.yaml")] if path.parent.is_dir() else []
        raise UsageError(f"{path}: {unknown('suite file', path.name, near)}") from None
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"{path}: cannot be read: {error}") from None
    except yaml.YAMLError as error:
        raise UsageError(f"{path}: not valid YAML: {' '.join(str(error).split())}") from None


def _override(content: Any, override: str) -> None:
    path, equals, text = override.partition("=")
    if not equals or not path:
        raise UsageError(f"--set {override!r}: expected key.path=value, e.g. training.epochs=5")
    keys: list[Any] = [int(part) if part.isdigit() else part for part in path.split(".")]
    *parents, last = keys
    try:
        value = yaml.safe_load(text)
        for part in parents:
            content = content[part] if isinstance(content, list) else content.setdefault(part, {})
        content[last] = value
    except yaml.YAMLError:
        raise UsageError(f"--set {override!r}: the value is not valid YAML") from None
    except (IndexError, TypeError, AttributeError):
        raise UsageError(f"--set {override!r}: there is no key {path!r} in the suite") from None


def _insert_named_protocol(content: dict[str, Any], source: str) -> None:
    """Replace ``protocol: {use: NAME, ...}`` by what the named protocol says; keys beside ``use`` win, and are told.

    Those of ``missing`` one by one, so that ``means`` can be another.
    """
    given = content.get("protocol")
    if isinstance(given, str):
        given = {"use": given}
    if not isinstance(given, Mapping) or not given.get("use"):
        return
    try:
        card = catalogue().find("protocol", str(given["use"])).card
        named = resolve(card)(**bind_options(card, {}))
    except UsageError as error:
        raise UsageError(f"{source}: protocol.use: {error}") from None
    if given.get("name") == card.name or ("version" in given and "name" not in given):
        raise UsageError(f"{source}: protocol: name and version of {card.name!r} are its own; give another 'name'")
    merged = _merged(named, given)
    own = _changed(named, {key: value for key, value in merged.items() if key not in ("use", "seed")})
    called = {"name": f"{card.name} with its own {', '.join(own)}" if own else card.name}
    version = {} if "name" in given else {"version": getattr(card, "version", "1")}
    content["protocol"] = {**called, **version, **merged}


def _merged(named: Mapping[str, Any], given: Mapping[str, Any]) -> dict[str, Any]:
    before, after = named.get("missing"), given.get("missing")
    if isinstance(before, Mapping) and isinstance(after, Mapping):
        return {**named, **given, "missing": {**before, **after}}
    return {**named, **given}


def _changed(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[str]:
    """The keys that are not as they were, those of `missing` one by one."""
    found = []
    for key, value in after.items():
        if key == "missing" and isinstance(value, Mapping):
            old = before.get(key, {})
            found += [f"missing.{each}" for each in value if value[each] != old.get(each)]
        elif value != before.get(key):
            found.append(key)
    return found
