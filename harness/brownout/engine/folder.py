"""The run folder: one lock, one append-only file of cells, one atomically written ``run.json``."""

from __future__ import annotations

import fcntl
import json
import os
import socket
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from brownout.engine.files import digest, digest_of, sweep, write_atomically
from brownout_registry import UsageError

Record = dict[str, Any]
IDENTITY = {"cell": str, "method": str, "dataset": str, "seed": int, "condition": str}
FIELDS: Mapping[str, Mapping[str, type]] = {
    "finished": {**IDENTITY, "file": str, "digest": str, "scores": dict},
    "failed": {**IDENTITY, "reason": str},
}


@dataclass(frozen=True)
class RunFolder:
    """Reads and writes what a run keeps."""

    path: Path

    @property
    def facts_file(self) -> Path:
        """``run.json``."""
        return self.path / "run.json"

    @property
    def cells_file(self) -> Path:
        """``cells.jsonl``."""
        return self.path / "cells.jsonl"

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Hold the folder for one command; the lock goes with the process, however it ends.

        Raises:
            UsageError: another command holds it.
        """
        self.path.mkdir(parents=True, exist_ok=True)
        with (self.path / ".lock").open("a+") as stream:
            try:
                fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                stream.seek(0)
                holder = stream.read().strip() or "another process"
                raise UsageError(f"{self.path}: the run folder is in use by {holder}; wait, or use --out") from None
            stream.truncate(0)
            stream.write(f"process {os.getpid()} on {socket.gethostname()}")
            stream.flush()
            yield

    def facts(self) -> Record:
        """The content of ``run.json``, empty if there is none.

        Raises:
            UsageError: it cannot be read.
        """
        if not self.facts_file.is_file():
            return {}
        try:
            facts: Record = json.loads(self.facts_file.read_text(encoding="utf-8"))
            return facts
        except (OSError, ValueError) as error:
            raise UsageError(f"{self.facts_file}: cannot be read: {error}; remove it to begin anew") from None

    def write_facts(self, facts: Mapping[str, Any]) -> None:
        """Replace ``run.json``."""
        write_atomically(self.facts_file, json.dumps(facts, indent=1, ensure_ascii=False))

    def cells(self) -> dict[str, Record]:
        """The last whole record of each cell; half-written and harmed lines are passed over."""
        if not self.cells_file.is_file():
            return {}
        lines = self.cells_file.read_bytes().split(b"\n")[:-1]
        records = [record for line in lines if (record := _record(line))]
        return {record["cell"]: record for record in records}

    def mend(self) -> dict[str, Record]:
        """The finished cells whose prediction files are unharmed; the file of cells is rewritten if it held more.

        What a killed command left half-written is removed.
        """
        for folder in (self.path, self.path / "predictions"):
            sweep(folder)
        whole = {key: record for key, record in self.cells().items() if self._is_whole(record)}
        text = "".join(_line(record) for record in whole.values())
        if not self.cells_file.is_file() or self.cells_file.read_bytes() != text.encode():
            write_atomically(self.cells_file, text)
        return whole

    def append(self, records: list[Record]) -> None:
        """Commit cells: one line each, in one write."""
        with self.cells_file.open("a", encoding="utf-8") as stream:
            stream.write("".join(_line(record) for record in records))
            stream.flush()
            os.fsync(stream.fileno())

    def _is_whole(self, record: Record) -> bool:
        if record["status"] != "finished":
            return False
        try:
            return bool(digest_of(self.path / record["file"]) == record["digest"])
        except OSError:
            return False


def _line(record: Record) -> str:
    """A record as a line that carries its own digest, so that a harmed one is noticed."""
    return json.dumps({**record, "check": _check(record)}, ensure_ascii=False) + "\n"


def _check(record: Record) -> str:
    return digest(json.dumps(record, ensure_ascii=False).encode())


def _record(line: bytes) -> Record | None:
    try:
        record = json.loads(line)
    except (ValueError, RecursionError):
        return None
    if not isinstance(record, dict) or record.pop("check", None) != _check(record):
        return None
    fields = FIELDS.get(str(record.get("status")))
    if not fields or not all(isinstance(record.get(name), kind) for name, kind in fields.items()):
        return None
    file = str(record.get("file", ""))
    return None if Path(file).is_absolute() or ".." in file else record
