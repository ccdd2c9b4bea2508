"""A worker: does pieces of work, with the datasets and models it has built kept in memory."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from brownout.engine import evaluate, fitting, views
from brownout.engine.components import Component
from brownout.engine.faults import raise_if_nobodys, reason
from brownout.engine.memory import keep_freed_memory
from brownout.engine.seeding import seed
from brownout.engine.shelf import Shelf
from brownout.engine.store import Store
from brownout.engine.works import FeatureWork, FitWork, PredictWork, ViewWork, Work
from brownout_registry import TaskOutcome


@dataclass(frozen=True)
class Job:
    """What every worker of a run needs to know; picklable.

    Attributes:
        folder: the run folder.
        cache: the cache folder.
        device: where tensors are computed.
        batch: samples per forward pass in evaluation.
        metrics: computed on every finished cell.
    """

    folder: Path
    cache: Path
    device: str
    batch: int
    metrics: tuple[tuple[str, Component], ...]


def start(job: Job) -> Callable[[Work], TaskOutcome]:
    """Build a worker: the function that does a piece of work."""
    keep_freed_memory()
    return partial(work_on, Shelf(Store(job.cache), job.device, job.batch), job)


def work_on(shelf: Shelf, job: Job, work: Work) -> TaskOutcome:
    """Do one piece of work.

    What goes wrong in a component becomes a recorded failure of this work's outputs. A full disk and
    a lack of memory are nobody's fault and stop the run.
    """
    begun = time.perf_counter()
    seed(0)
    try:
        facts = _do(shelf, job, work)
    except Exception as error:  # noqa: BLE001  a component may fail in any way, and the others must go on
        raise_if_nobodys(error)
        facts = {"failed": dict.fromkeys(work.outputs, reason(error))}
        if isinstance(work, PredictWork):
            facts["cells"] = [evaluate.failure(cell, reason(error)) for cell in work.cells]
    return TaskOutcome(**facts, seconds=time.perf_counter() - begun)


def _do(shelf: Shelf, job: Job, work: Work) -> dict[str, Any]:
    if isinstance(work, FeatureWork):
        return {"counts": views.compute_features(shelf, work)}
    if isinstance(work, FitWork):
        missing = [work.failed[key] for key in work.needs if key in work.failed]
        if missing:
            return {"failed": dict.fromkeys(work.outputs, missing[0])}
        fitting.compute_fit(shelf, work.fit)
        return {}
    if isinstance(work, ViewWork):
        return views.compute_views(shelf, work)
    return {"cells": evaluate.compute_cells(shelf, job.folder, job.metrics, work)}
