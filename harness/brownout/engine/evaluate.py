"""Cells: predict, store the predictions, score them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from brownout.engine.faults import raise_if_nobodys, reason
from brownout.engine.masks import drawn
from brownout.engine.predictions import write_predictions
from brownout.engine.predictor import Predictor
from brownout.engine.scoring import Metrics, score
from brownout.engine.shelf import Shelf
from brownout.engine.specs import Cell
from brownout.engine.works import PredictWork, needs_of
from brownout_registry import Stored

Record = dict[str, Any]


def compute_cells(shelf: Shelf, folder: Path, metrics: Metrics, work: PredictWork) -> list[Record]:
    """Predict, store and score cells of one method; a cell that fails is recorded with its reason."""
    records, predictor = [], None
    for cell in work.cells:
        lost = [work.failed[key] for key in sorted(needs_of(cell)) if key in work.failed]
        if lost:
            records.append(failure(cell, lost[0]))
            continue
        try:
            predictor = predictor or Predictor(shelf, cell.method)
            records.append(
                _finish(cell, predictor.predict(cell), drawn(cell.condition, predictor.everyone), folder, metrics)
            )
        except Exception as error:  # noqa: BLE001  a method may fail in any way, and costs its own cells only
            raise_if_nobodys(error)
            records.append(failure(cell, reason(error)))
    return records


def identity(cell: Cell) -> Record:
    """What a line of ``cells.jsonl`` says of which cell it is."""
    method = cell.method
    facts = {"cell": cell.key, "method": method.name, "dataset": method.dataset.name, "seed": method.seed}
    return {**facts, "condition": cell.condition.facts.name}


def failure(cell: Cell, why: str) -> Record:
    """The record of a cell that could not be computed."""
    return {**identity(cell), "status": "failed", "reason": why}


def _finish(cell: Cell, stored: Stored, drawn: Mapping[str, np.ndarray], folder: Path, metrics: Metrics) -> Record:
    file = f"predictions/{cell.key}.parquet"
    digest = write_predictions(folder / file, stored, drawn)
    samples = len(stored.ids)
    return {
        **identity(cell),
        "status": "finished",
        "file": file,
        "digest": digest,
        "samples": samples,
        **score(stored, metrics),
    }
