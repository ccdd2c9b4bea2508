"""YAML as suites are written: what PyYAML's safe loader reads, without keys that stand twice in one mapping."""

from __future__ import annotations

from typing import Any

import yaml

from brownout_registry import UsageError

MERGE = "tag:yaml.org,2002:merge"
ADVICE = {"corruptions": "write it once, with a list of parts: corruptions: [{each: ...}, {each: ...}]"}
"""Where somebody who writes a key twice wants a list."""


def read_yaml(text: str) -> Any:
    r"""The content of a YAML text; anchors and merge keys (``<<``) are followed.

    Raises:
        UsageError: a key stands twice in one mapping, of which YAML would silently keep the last.
        yaml.YAMLError: the text is no YAML.

    Example:
        >>> read_yaml("a: &a {x: 1, y: 2}\nb: {<<: *a, x: 3}")
        {'a': {'x': 1, 'y': 2}, 'b': {'x': 3, 'y': 2}}
        >>> read_yaml("seed: 1\nname: a\nseed: 2")
        Traceback (most recent call last):
        ...
        brownout_registry.errors.UsageError: key 'seed' stands at line 1 and again at line 3; write it once
    """
    return yaml.load(text, _Loader)  # noqa: S506  a safe loader


class _Loader(yaml.SafeLoader):
    """Sees the keys of a mapping as they are written, before merge keys are replaced by what they stand for."""

    def compose_mapping_node(self, anchor: Any) -> yaml.MappingNode:
        """The mapping, if no key stands twice in it."""
        node: yaml.MappingNode = super().compose_mapping_node(anchor)
        seen = dict[tuple[str, str], int]()
        for key in (key for key, _ in node.value if isinstance(key, yaml.ScalarNode) and key.tag != MERGE):
            name, line = (key.tag, key.value), key.start_mark.line + 1
            if name in seen:
                raise UsageError(_twice(key.value, seen[name], line))
            seen[name] = line
        return node


def _twice(key: str, first: int, again: int) -> str:
    where = f"stands twice at line {first}" if first == again else f"stands at line {first} and again at line {again}"
    return f"key {key!r} {where}; {ADVICE.get(key, 'write it once')}"
