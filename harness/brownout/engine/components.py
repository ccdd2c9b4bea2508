"""Components as data: a name, its bound options, and a hash of the code and files that it stands for."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, is_dataclass
from functools import cache
from importlib import import_module
from importlib.metadata import PackageNotFoundError, distribution, requires, version
from importlib.util import find_spec
from pathlib import Path
from typing import Any, get_type_hints

from pydantic import PydanticSchemaGenerationError, TypeAdapter, ValidationError

from brownout.engine.faults import located
from brownout_registry import Card, UsageError, bind_options, catalogue, resolve

LIBRARIES = ("torch", "numpy")  # their versions change results, so they are part of every key


@dataclass(frozen=True)
class Component:
    """One component of a suite, picklable, and comparable by content.

    Attributes:
        kind: ``fusion``, ``encoder`` ...
        name: ``distribution/name``.
        options: JSON text of all bound options.
        source: hash of its distribution's code and of the files its options name.
    """

    kind: str
    name: str
    options: str
    source: str

    @property
    def card(self) -> Card:
        """Its card."""
        return catalogue().find(self.kind, self.name).card

    @property
    def short(self) -> str:
        """The name without the distribution."""
        return self.name.rpartition("/")[2]

    @property
    def bound(self) -> dict[str, Any]:
        """All options, bound."""
        options: dict[str, Any] = json.loads(self.options)
        return options

    def build(self, *args: Any, **kwargs: Any) -> Any:
        """Call the factory with these arguments and the bound options.

        Raises:
            UsageError: an option is not of the type that the factory's signature gives it, or the factory
                refuses it; the message says whose it is.
        """
        with located(self.name):
            self.check_types()
            return resolve(self.card)(*args, **kwargs, **self.bound)

    def check_types(self) -> None:
        """Hold the bound options against the annotations of the factory.

        Raises:
            UsageError: an option is not of the type that the factory's signature gives it.
        """
        bound, types = self.bound, _parameter_types(self.card.target)
        for name in sorted(bound.keys() & types.keys()):
            _check_type(self, name, types[name], bound[name])


def bind(kind: str, name: str, options: Mapping[str, Any], variant: str | None = None) -> Component:
    """Look a component up and bind its options.

    Raises:
        UsageError: unknown name, option or variant; an option that is not plain data.
    """
    entry = catalogue().find(kind, name)
    bound = bind_options(entry.card, options, variant)
    try:
        text = json.dumps(bound, sort_keys=True)
    except TypeError as error:
        raise UsageError(f"{kind} {name!r}: options must be plain data: {error}") from None
    # a dataset has its own fingerprint; of any other component the files that its options name are hashed
    files = [] if kind == "dataset" else [_content(path) for path in _paths(entry.card, bound)]
    source = key_of([_source(entry.plugin.distribution, entry.card.target), entry.card.target, files])
    return Component(kind, f"{entry.plugin.distribution}/{entry.card.name}", text, source)


def key_of(content: Any) -> str:
    """Hash of plain data and dataclasses, 32 hexadecimal digits.

    Example:
        >>> key_of({"b": 1, "a": [2]}) == key_of({"a": [2], "b": 1})
        True
    """
    text = json.dumps(content, sort_keys=True, default=_plain)
    return hashlib.blake2b(text.encode(), digest_size=16).hexdigest()


@cache
def engine_source() -> str:
    """Hash of the engine's own code and of the libraries' versions."""
    return key_of([_package("brownout.engine"), [version(name) for name in LIBRARIES]])


@cache
def _parameter_types(target: str) -> dict[str, TypeAdapter[Any]]:
    """The types of a factory's parameters; none where its annotations cannot be read."""
    module, _, attribute = target.partition(":")
    factory = getattr(import_module(module), attribute)
    try:
        hints = get_type_hints(vars(factory)["__init__"] if isinstance(factory, type) else factory)
    except (KeyError, NameError, TypeError):
        return {}
    return {name: adapter for name, hint in hints.items() if (adapter := _adapter(hint))}


def _adapter(hint: Any) -> TypeAdapter[Any] | None:
    try:
        return TypeAdapter(hint)
    except PydanticSchemaGenerationError:
        return None


def _check_type(component: Component, name: str, hint: TypeAdapter[Any], value: Any) -> None:
    try:
        hint.validate_json(json.dumps(value), strict=True)
    except ValidationError as error:
        what = f"{component.kind} {component.short!r}: option {name!r} is {value!r}"
        raise UsageError(f"{what}: {error.errors()[0]['msg']}") from None


def _plain(value: Any) -> Any:
    if is_dataclass(value) and not isinstance(value, type):
        return asdict(value)
    raise TypeError(f"{type(value).__name__} has no key")


@cache
def _source(dist: str, target: str) -> str:
    """The component's package, and the Brownout libraries that its distribution requires."""
    packages = {target.partition(":")[0].partition(".")[0], *_libraries(dist)}
    return key_of([_package(package) for package in sorted(packages)])


def _libraries(dist: str) -> set[str]:
    """Import packages of the ``brownout-*`` libraries that a distribution requires, whatever it is called itself."""
    try:
        needed = {re.split(r"[\s;<>=!~\[(]", line, maxsplit=1)[0] for line in requires(dist) or []}

    except PackageNotFoundError:
        return set()
    libraries = {name for name in needed if name.startswith("brownout-") and _registers_nothing(name)}
    return {name.replace("-", "_") for name in libraries} | {each for name in libraries for each in _libraries(name)}


def _registers_nothing(dist: str) -> bool:
    try:
        return not any(point.group == "brownout" for point in distribution(dist).entry_points)
    except PackageNotFoundError:
        return False


@cache
def _package(name: str) -> str:
    spec = find_spec(name)
    if spec is None:
        return ""
    roots = [Path(root) for root in spec.submodule_search_locations or []]
    files = [path for root in roots for path in root.rglob("*.py")] or [Path(spec.origin or "")]
    return key_of([_content(path) for path in sorted(files)])


def _content(path: Path) -> str:
    """Hash of a file, or of all files below a folder."""
    if path.is_dir():
        return key_of([[each.name, _content(each)] for each in sorted(path.iterdir())])
    if not path.is_file():
        return ""
    facts = path.stat()
    return _digest(path, facts.st_mtime_ns, facts.st_size)


@cache
def _digest(path: Path, modified: int, size: int) -> str:
    """Of a file as it was last changed, read once."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, lambda: hashlib.blake2b(digest_size=16)).hexdigest()


def _strings(value: Any) -> list[str]:
    if isinstance(value, Mapping):
        return [text for each in value.values() for text in _strings(each)]
    if isinstance(value, list | tuple):
        return [text for each in value for text in _strings(each)]
    return [value] if isinstance(value, str) else []


def _paths(card: Card, bound: Mapping[str, Any]) -> list[Path]:
    """The files and folders that options name: those declared as paths, and any other text with a separator in it."""
    declared = {option.name for option in card.options if option.path}
    texts = [(name in declared, text) for name, value in bound.items() for text in _strings(value) if len(text) < 4096]
    found = [Path(text).expanduser() for is_path, text in texts if is_path or "/" in text or "\\" in text]
    return [path for path in found if path.exists()]
