"""Whether two runs may be compared at all (guarantee G11)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from brownout.results import Run
from brownout_registry import UsageError

Facts = Mapping[str, Any]
GIVEN_BY_CONDITIONS = {"levels", "severities", "modalities", "joint", "patterns"}


def refuse_other_protocol_or_data(before: Run, after: Run) -> None:
    """Refuse two runs that did not measure the same thing on the same samples.

    What must agree: the protocol's name, version, seed and what missing means; of every data set that both have, the
    fingerprint and ``--limit``; of every condition and perturbation that both have, levels and options.

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
    uses = _uses(theirs["protocol"])
    for name, use in _uses(ours["protocol"]).items():
        if use != uses.get(name, use):
            yield f"perturbation {name} has other options"
    for name in sorted(ours["data"].keys() & theirs["data"].keys()):
        for what, key in (("fingerprint", "data"), ("--limit", "limit")):
            if ours[key][name] != theirs[key][name]:
                yield f"{what} of data set {name} is {_said(ours[key][name])} there, {_said(theirs[key][name])} here"
        conditions = _named(after["conditions"][name])
        for condition, facts in _named(before["conditions"][name]).items():
            if facts != conditions.get(condition, facts):
                yield f"condition {condition!r} on {name} has another level"


def _pairs(ours: Facts, theirs: Facts) -> Iterator[tuple[str, Any, Any]]:
    for what in ("name", "version", "seed"):
        yield f"protocol {what}", ours[what], theirs[what]
    yield "what missing means", ours["missing"]["means"], theirs["missing"]["means"]
    yield "what happens to emptied samples", *(each["missing"].get("empty", "refuse") for each in (ours, theirs))


def _uses(protocol: Facts) -> dict[str, str]:
    """Perturbations and attacks with their options, by the name that conditions have from them.

    Those used together also with their levels, which their conditions do not tell.
    """
    parts = protocol["corruptions"]
    alone = [use for use in protocol.get("attacks", ()) if not use["joint"]]
    joint = [use for use in protocol.get("attacks", ()) if use["joint"]]
    for part in parts if isinstance(parts, list) else [parts]:
        alone += part["each"] if isinstance(part["each"], list) else []
        joint += [use for each in part["joint"] for use in each.values()]
    found: dict[str, set[str]] = {}
    for uses, known, where in ((alone, GIVEN_BY_CONDITIONS, ""), (joint, GIVEN_BY_CONDITIONS - {"levels"}, " (joint)")):
        for use in uses:
            options = {key: value for key, value in sorted(use.items()) if key not in known}
            found.setdefault(f"{use['name'] or use['use']}{where}", set()).add(str(options))
    return {name: ", ".join(sorted(options)) for name, options in found.items()}


def _named(conditions: list[Facts]) -> dict[str, Facts]:
    return {each["name"]: each for each in conditions}


def _said(value: object) -> str:
    return "none" if value is None else repr(value)
