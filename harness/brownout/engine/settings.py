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

    out: Path | None = None
    cache: Path | None = None
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
        torch.zeros(1, device=device)
    except (RuntimeError, AssertionError) as error:
        raise UsageError(f"--device {device!r}: {' '.join(str(error).split())[:200]}") from None
    return device


def choose_executor(settings: Settings) -> Executor:
    """The executor of that name, with its workers.

    Raises:
        UsageError: there is none.
    """
    with located("--executor"):
        card = catalogue().find("executor", settings.executor).card
        executor: Executor = resolve(card)(workers=settings.workers)
    return executor
