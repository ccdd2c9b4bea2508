"""The gallery of a run as the HTML template shows it."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from brownout.results import Run

TYPES = {b"\x89PNG\r\n\x1a\n": "image/png", b"<svg xml": "image/svg+xml"}


@dataclass(frozen=True)
class Tile:
    """One picture, as a data URI in ``source``, or words in its place.

    Attributes:
        title: the severity, with its level.
        source: empty when there is none, or when the file is not a picture of the run's folder.
        text: what a text became.
        reason: why there is nothing to show.
    """

    title: str
    source: str = ""
    text: str | None = None
    reason: str = ""


@dataclass(frozen=True)
class Gallery:
    """One modality of a data set: a sample, clean and in a row for each perturbation."""

    dataset: str
    modality: str
    kind: str
    sample: int
    clean: Tile
    rows: tuple[tuple[str, str, tuple[Tile, ...]], ...]


def galleries(run: Run) -> Iterator[Gallery]:
    """The galleries of a run; a name in ``run.json`` never leads out of its folder ``gallery``."""
    for each in run.facts.get("gallery") or ():
        rows = tuple(
            (row["group"], row["parameter"], tuple(_tile(run, step, _title(step)) for step in row["steps"]))
            for row in each["rows"]
        )
        clean = _tile(run, each["clean"], "clean")
        yield Gallery(each["dataset"], each["modality"], each["kind"], each["sample"], clean, rows)


def _title(step: Mapping[str, Any]) -> str:
    return f"s{step['severity']} · {step['level']:g}"


def _tile(run: Run, shown: Mapping[str, Any], title: str) -> Tile:
    if "file" not in shown:
        return Tile(title, text=shown.get("text"), reason=shown.get("reason", ""))
    path = run.folder / "gallery" / Path(shown["file"]).name
    data = path.read_bytes() if path.is_file() else b""
    if data[:8] not in TYPES:
        return Tile(title, reason="the picture is not in the run's folder")
    return Tile(title, f"data:{TYPES[data[:8]]};base64,{b64encode(data).decode()}")
