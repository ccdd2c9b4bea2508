"""Whether two runs may be compared at all (guarantee G11)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from brownout.results import Run
from brownout_registry import UsageError

Facts = Mapping[str, Any]


def refuse_other_protocol_or_data(before: Run, after: Run) -> None:
    """Refuse two runs that did not measure the same thing on the same samples.

    What must agree: the protocol's name, version, seed, what missing means and what happens to emptied samples; of
    every data set that both have, the fingerprint and ``--limit``; of every condition that both have, levels and
    options.

    Raises:
        UsageError: says what differs.
    """
    found = list(_differences(before.facts, after.facts))
    if found:
        raise UsageError(
            f"{before.folder} and {after.folder} must not be compared: {'; '.join(found)}; run both under one protocol"
            " on the same data"
        )


def _differences(before: Facts, after: Facts) -> Iterator[str]:
    ours, theirs = before["identity"], after["identity"]
    for what, one, other in _pairs(ours["protocol"], theirs["protocol"]):
        if one != other:
            yield f"{what} is {_said(one)} there, {_said(other)} here"
    for name in sorted(ours["data"].keys() & theirs["data"].keys()):
        for what, key in (("fingerprint", "data"), ("--limit", "limit")):
            if ours[key][name] != theirs[key][name]:
                yield f"{what} of data set {name} is {_said(ours[key][name])} there, {_said(theirs[key][name])} here"
        told = "used" in before and "used" in after  # not by older versions
        given = _given(after, name, told)
        other = [each for each, facts in _given(before, name, told).items() if facts != given.get(each, facts)]
        if other:
            more = f", and {len(other) - 1} more" if len(other) > 1 else ""
            yield f"condition {other[0]!r} on {name} has other levels or options{more}"


def _pairs(ours: Facts, theirs: Facts) -> Iterator[tuple[str, Any, Any]]:
    for what in ("name", "version", "seed"):
        yield f"protocol {what}", ours[what], theirs[what]
    yield "what missing means", ours["missing"]["means"], theirs["missing"]["means"]
    yield "what happens to emptied samples", *(each["missing"].get("empty", "refuse") for each in (ours, theirs))


def _given(facts: Facts, dataset: str, told: bool) -> dict[str, tuple[Any, Any]]:
    """What each condition is and, where that is told, what it uses with options and levels."""
    used = facts["used"].get(dataset, {}) if told else {}
    return {each["name"]: (each, used.get(each["name"])) for each in facts["conditions"][dataset]}


def _said(value: object) -> str:
    return "none" if value is None else repr(value)
