"""Stored baselines: what cells scored once, small enough to be committed, and comparable or refused.

The file is JSON with sorted keys: ``{"brownout_baseline": 1, "suites": {SUITE: SECTION}}``. A section holds
``protocol`` (name, version, seed, what missing means, and what happens to samples that a pattern empties), ``data``
(fingerprints by dataset), ``limit`` and ``cells``: by cell id the ``scores``, the ``level`` of its condition and a
hash of what that ``used``, how many ``samples`` there were and, up to 10,000 of them, which ones were ``correct``: a
bit each, packed and compressed, in order of sample id.
"""

from __future__ import annotations

import base64
import json
import zlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from brownout.engine.components import key_of
from brownout.engine.files import write_atomically
from brownout.engine.specs import CellName
from brownout_registry import Stored, UsageError

FORMAT = 1
MOST_SAMPLES = 10_000
PROTOCOL = {"name": None, "version": None, "seed": None, "means": None, "empty": "refuse"}
"""What of a protocol must agree, and what is meant where an older baseline does not say it."""
Section = Mapping[str, Any]
Sections = Mapping[str, Section]


def read_baseline(path: Path) -> Sections:
    """The sections of a baseline, by suite.

    Raises:
        UsageError: the file is not there, cannot be read or is no baseline of this format.
    """
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise UsageError(f"--brownout-baseline: {path} is not there; --brownout-accept makes it") from None
    except (OSError, ValueError) as error:
        raise UsageError(f"--brownout-baseline: {path} cannot be read: {error}") from None
    if not isinstance(content, dict) or not isinstance(content.get("suites"), dict):
        raise UsageError(f"--brownout-baseline: {path} is no baseline; --brownout-accept writes one")
    if content.get("brownout_baseline") != FORMAT:
        raise UsageError(f"--brownout-baseline: {path} has format {content.get('brownout_baseline')!r}, not {FORMAT}")
    sections: Sections = content["suites"]
    return sections


def write_baseline(path: Path, sections: Sections) -> None:
    """Replace a baseline; the same sections give the same bytes."""
    content = {"brownout_baseline": FORMAT, "suites": sections}
    path.parent.mkdir(parents=True, exist_ok=True)
    write_atomically(path, json.dumps(content, indent=1, sort_keys=True, ensure_ascii=False) + "\n")


def section_of(facts: Mapping[str, Any], cells: Mapping[str, Any], limit: int | None) -> dict[str, Any]:
    """The section of a run: what it must agree with, and its cells."""
    protocol = {key: facts["protocol"][key] for key in PROTOCOL}
    return {"protocol": protocol, "data": facts["identity"]["data"], "limit": limit, "cells": dict(cells)}


def differences(before: Section, now: Section) -> Iterator[str]:
    """Why two sections must not be compared: nothing where they may."""
    for what, default in PROTOCOL.items():
        ours, theirs = now["protocol"][what], before["protocol"].get(what, default)
        if ours != theirs:
            yield f"protocol {what} is {ours!r}, in the baseline {theirs!r}"
    for name, fingerprint in now["data"].items():
        if before["data"].get(name, fingerprint) != fingerprint:
            yield f"dataset {name!r} has other data (fingerprint {fingerprint:.12})"
    if now["limit"] != before["limit"]:
        yield f"--brownout-limit is {now['limit']}, in the baseline {before['limit']}"


def merged(before: Section | None, now: Section, *, whole: bool) -> Section:
    """What is accepted: the new section, with the cells that were not run if it may stand beside them."""
    if before is None or whole or any(differences(before, now)):
        return now
    return {**now, "data": {**before["data"], **now["data"]}, "cells": {**before["cells"], **now["cells"]}}


def digest_of_used(facts: Mapping[str, Any], cell: CellName) -> str:
    """Hash of the perturbations and the attack of a cell's condition, with options and levels."""
    return key_of(facts["used"][cell[0]].get(cell[3], []))


def correct(stored: Stored) -> np.ndarray | None:
    """Bool ``[N]``, in order of sample id: which samples are classified correctly; None for dense prediction."""
    if stored.targets.ndim > 1:
        return None
    found: np.ndarray = stored.logits.argmax(1) == stored.targets
    return found[np.argsort(stored.ids)]


def packed(hits: np.ndarray | None) -> str | None:
    """Bits as text; None where they are too many for a small file.

    Example:
        >>> unpacked(packed(np.array([True, False, True])), 3).tolist()
        [True, False, True]
    """
    if hits is None or len(hits) > MOST_SAMPLES:
        return None
    return base64.b64encode(zlib.compress(np.packbits(hits).tobytes(), 9)).decode()


def unpacked(text: str, samples: int) -> np.ndarray:
    """Bool ``[samples]`` from what `packed` gave."""
    bits = np.frombuffer(zlib.decompress(base64.b64decode(text)), np.uint8)
    return np.unpackbits(bits, count=samples).astype(bool)
