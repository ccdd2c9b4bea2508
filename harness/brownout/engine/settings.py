"""How a run is computed, as opposed to what."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import torch

from brownout.engine.faults import located
from brownout.engine.specs import Cell, CellName
from brownout_registry import Executor, UsageError, catalogue, resolve


@dataclass(frozen=True)
class Settings:
    """How a run is computed; nothing here changes what is computed.

    Attributes:
        out: run folder; ``runs/SUITE`` if None.
        cache: cache folder; ``.cache`` beside the run folder if None.
        executor: by name.
        workers: for executors that have several; None lets the executor choose.
        device: ``auto``, ``cpu``, ``cuda`` ...
        batch: samples per forward pass in evaluation.
        limit: only the first so many test samples; results are then not comparable.
        only: these cells (dataset, method, training seed, condition) and no others; all of them if None. A later
            command may compute the rest.
    """

    out: str | Path | None = None
    cache: str | Path | None = None
    executor: str = "serial"
    workers: int | None = None
    device: str = "auto"
    batch: int = 256
    limit: int | None = None
    only: frozenset[CellName] | None = None

    def wants(self, cell: Cell) -> bool:
        """Whether the cell is to be computed."""
        return self.only is None or cell.name in self.only


def choose_device(device: str) -> str:
    """``auto`` takes the first CUDA device that there is.

    Raises:
        UsageError: torch knows no such device, or it is not there.
    """
    if device == "auto":
        return "cuda" if torch.cuda.is_available() else "cpu"
    try:
        torch.device(device)
    except RuntimeError:
        raise UsageError(f"--device: unknown device {device!r}: auto, cpu, cuda, cuda:0, mps are right") from None
    try:
        torch.zeros(1, device=device).item()
    except (RuntimeError, AssertionError) as error:
        why = " ".join(str(error).split()).partition(". ")[0]
        raise UsageError(f"--device {device!r}: cannot be used here: {why}; cpu always can") from None
    return device


def choose_folders(settings: Settings, suite: str) -> tuple[Path, Path]:
    """The run folder and the cache folder.

    Raises:
        UsageError: a file is in the way of one.
    """
    out = Path(settings.out or Path("runs") / suite)
    cache = Path(settings.cache or out.parent / ".cache")
    for option, folder in (("--out", out), ("--cache", cache)):
        for each in (folder, *folder.parents):
            if each.exists() and not each.is_dir():
                raise UsageError(f"{option} {folder}: {each} is a file; give a folder, or a name that is not taken")
    return out, cache


def choose_executor(settings: Settings) -> Executor:
    """The executor of that name, with its workers.

    Raises:
        UsageError: there is none.
    """
    with located("--executor"):
        card = catalogue().find("executor", settings.executor).card
        executor: Executor = resolve(card)(workers=settings.workers)
    return executor
