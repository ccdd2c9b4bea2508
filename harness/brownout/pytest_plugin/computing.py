"""Results of a suite's selected cells: computed by whoever needs them first, read by everybody else."""

from __future__ import annotations

import fcntl
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from brownout.engine.folder import Record, RunFolder
from brownout.engine.specs import CellName
from brownout.pytest_plugin.options import Options, environment
from brownout.results import Run, load_run
from brownout.suite.schema import Suite
from brownout_registry import Stored, UsageError


@dataclass(frozen=True)
class Results:
    """A run and the records of its cells by name."""

    run: Run
    records: Mapping[CellName, Record]

    def stored(self, name: CellName) -> Stored:
        """The predictions of a finished cell, read from its file."""
        from brownout.engine.predictions import read_predictions

        return read_predictions(self.run.folder / self.records[name]["file"])

    def score(self, name: CellName, metric: str) -> float | None:
        """A finished cell's value; None where it is undefined or the cell failed."""
        value: float | None = self.records.get(name, {}).get("scores", {}).get(metric)
        return value


def run_folder(suite: Suite, options: Options) -> Path:
    """Where a suite's cells are kept; what is not comparable lies apart."""
    return options.runs / (suite.suite if options.limit is None else f"{suite.suite}-limit-{options.limit}")


def compute(suite: Suite, only: frozenset[CellName], options: Options, session: str) -> Results:
    """The results of some cells, computed unless another process of this session has done so.

    Args:
        suite: whose cells.
        only: the selected cells, which are the same in every process of a session.
        options: of the command line.
        session: what xdist's workers have in common; failed cells are tried again in another session alone.

    Raises:
        UsageError: the suite cannot be run as it is.
    """
    folder = run_folder(suite, options)
    with _note(folder) as note:
        if note.read().get("session") != session:
            note.write({"session": session, "error": _run(suite, only, folder, options)})
        error = note.read()["error"]
    if error:
        raise UsageError(error)
    return read_results(folder)


def read_results(folder: Path) -> Results:
    """What a run folder holds.

    Raises:
        UsageError: no run.
    """
    run, records = load_run(folder), RunFolder(folder).cells()
    known = [records[key] for key in run.facts["cells"] if key in records]
    return Results(run, {(each["dataset"], each["method"], each["seed"], each["condition"]): each for each in known})


def _run(suite: Suite, only: frozenset[CellName], folder: Path, options: Options) -> str:
    """Compute the cells; what is wrong with the suite, if it is."""
    from brownout.engine.coordinate import run_suite
    from brownout.engine.settings import Settings

    cache = environment("CACHE", "")
    workers = environment("WORKERS", "")
    try:
        settings = Settings(
            folder,
            Path(cache) if cache else None,
            environment("EXECUTOR", "serial"),
            int(workers) if workers else None,
            environment("DEVICE", "auto"),
            limit=options.limit,
            only=only,
        )
        run_suite(suite, settings)
    except UsageError as error:
        return str(error)
    return ""


@dataclass(frozen=True)
class _Note:
    """What the last session left in a run folder."""

    path: Path

    def read(self) -> dict[str, Any]:
        try:
            content: dict[str, Any] = json.loads(self.path.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return {}
        return content

    def write(self, content: Mapping[str, Any]) -> None:
        self.path.write_text(json.dumps(content), encoding="utf-8")


@contextmanager
def _note(folder: Path) -> Iterator[_Note]:
    """The note, held by one process at a time; the others wait."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / ".pytest.lock").open("a+") as stream:
        fcntl.flock(stream, fcntl.LOCK_EX)
        yield _Note(folder / ".pytest.json")
