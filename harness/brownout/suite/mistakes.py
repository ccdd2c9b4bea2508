"""What pydantic finds wrong with a suite, in one sentence for each place."""

from __future__ import annotations

import re
import types
import typing
from collections.abc import Iterable, Mapping, Sequence
from reprlib import repr as shortened
from typing import Any

from pydantic import BaseModel

from brownout.suite.schema import SUITE, Suite
from brownout.suite.uses import NAME
from brownout_registry import unknown

Place = tuple[str | int, ...]
WORDS = {
    SUITE: "letters (a to z), digits, '.', '_' and '-', a letter or digit first",
    NAME: "letters, digits, spaces and any of _ . , : + / ( ) = -, with a letter, digit, '_', '(' or '+' first",
}
"""What may stand in a name, for each pattern."""


def mistakes(content: Any, errors: Iterable[Mapping[str, Any]]) -> list[str]:
    """Sentences that begin with the key.

    Where a value may take several forms pydantic complains once for each form. What lies deepest is about the
    form that the user meant; complaints about one place become one sentence.

    Args:
        content: what was validated.
        errors: what `pydantic.ValidationError.errors` gives.
    """
    found: dict[Place, list[Mapping[str, Any]]] = {}
    for error in errors:
        found.setdefault(_place(content, error), []).append(error)
    deepest = [here for here in found if not any(here == there[: len(here)] and here != there for there in found)]
    return [f"{_written(place)}{_sentence(found[place])}" for place in deepest]


def _place(content: Any, error: Mapping[str, Any]) -> Place:
    """The keys that lead to an error, without the names of forms that pydantic puts among them."""
    place: list[str | int] = []
    loc = error["loc"]
    for depth, part in enumerate(loc, 1):
        if (isinstance(content, Mapping) and part in content) or (isinstance(content, list) and isinstance(part, int)):
            content = content[part]
            place.append(part)
        elif depth == len(loc) and error["type"] == "missing":
            place.append(part)
    return tuple(place)


def _written(place: Place) -> str:
    text = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in place).lstrip(".")
    return text and f"{text}: "


def _sentence(errors: Sequence[Mapping[str, Any]]) -> str:
    first = errors[0]
    if first["type"] == "extra_forbidden":
        return unknown("key", str(first["loc"][-1]), _keys(first["loc"][:-1]))
    if first["type"] == "missing":
        return "is required"
    if first["type"] == "value_error":
        return str(first["msg"]).removeprefix("Value error, ")
    forms = " or ".join(dict.fromkeys(_form(error) for error in errors))
    return f"expected {forms}, found {shortened(first['input'])}"


def _form(error: Mapping[str, Any]) -> str:
    """What pydantic expects, in words of YAML."""
    if error["type"] == "string_pattern_mismatch" and error["ctx"]["pattern"] in WORDS:
        return WORDS[error["ctx"]["pattern"]]
    message = str(error["msg"]).removeprefix("Input should be ").removeprefix("String should have ")
    message = message.replace("List should have", "a list of")
    message = re.sub(r"a valid dictionary or instance of \w+|a valid dictionary", "a mapping", message)
    return message.replace("a valid list", "a list").partition(" after validation")[0]


def _keys(loc: Sequence[str | int]) -> list[str]:
    """The keys allowed at a place of the suite; the names of forms in ``loc`` are passed over."""
    model: Any = Suite
    for part in loc:
        models = list(_models(model))
        fields = [m.model_fields[str(part)].annotation for m in models if str(part) in m.model_fields]
        model = fields[0] if fields else model
    return sorted({key for each in _models(model) for key in each.model_fields})


def _models(annotation: Any) -> list[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    if typing.get_origin(annotation) in (list, dict, types.UnionType, typing.Union, typing.Annotated):
        return [model for part in typing.get_args(annotation) for model in _models(part)]
    return []
