"""Prediction files: one Parquet file per cell, one row per sample."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from brownout.engine.files import digest, replacing
from brownout_registry import Stored

PER_SAMPLE = ("targets", "logits", "uncertainty")
NAMED = ("unimodal", "weights", "diagnostics")


def write_predictions(path: Path, stored: Stored, drawn: Mapping[str, np.ndarray] | None = None) -> str:
    """Write a prediction file, whole or not at all, and give its digest.

    Columns: ``id``, ``present.NAME``, ``targets``, ``logits`` and, where the method gives them,
    ``uncertainty``, ``unimodal.NAME``, ``weights.NAME`` and ``diagnostics.NAME``; arrays are flattened per
    sample and their shapes stand in the file's metadata. What a condition drew of each sample stands beside
    them, for the reader alone: ``hit.NAME`` (whether a share hits it), ``content.NAME`` (the id of the sample
    whose content it has).
    """
    columns, shapes = {"id": pa.array(stored.ids)}, {}
    for name, array in _arrays(stored):
        shapes[name] = list(array.shape[1:])
        columns[name] = _column(array)
    columns |= {name: pa.array(values) for name, values in (drawn or {}).items()}
    facts = {"modalities": stored.modalities, "ignore_label": stored.ignore_label, "shapes": shapes}
    table = pa.table(columns).replace_schema_metadata({"brownout": json.dumps(facts)})
    path.parent.mkdir(parents=True, exist_ok=True)
    content = pa.BufferOutputStream()
    pq.write_table(table, content, compression="zstd", write_statistics=False)
    buffer = content.getvalue()
    with replacing(path) as temporary:
        temporary.write_bytes(buffer)
    return digest(buffer)


def read_predictions(path: Path) -> Stored:
    """Read what `write_predictions` wrote."""
    table = pq.read_table(path)
    facts = json.loads(table.schema.metadata[b"brownout"])
    arrays = {name: _array(table[name], shape) for name, shape in facts["shapes"].items()}
    modalities = tuple(facts["modalities"])
    split = {kind: _by_name(arrays, kind) for kind in ("present", *NAMED)}
    return Stored(
        ids=table["id"].to_numpy(),
        targets=arrays["targets"],
        logits=arrays["logits"],
        present=np.stack([split["present"][name] for name in modalities], 1),
        modalities=modalities,
        ignore_label=facts["ignore_label"],
        unimodal=split["unimodal"],
        weights=split["weights"],
        uncertainty=arrays.get("uncertainty"),
        diagnostics=split["diagnostics"],
    )


def _arrays(stored: Stored) -> Iterator[tuple[str, np.ndarray]]:
    for column, name in enumerate(stored.modalities):
        yield f"present.{name}", stored.present[:, column]
    for kind in PER_SAMPLE:
        if getattr(stored, kind) is not None:
            yield kind, getattr(stored, kind)
    for kind in NAMED:
        for name, array in getattr(stored, kind).items():
            yield f"{kind}.{name}", array


def _column(array: np.ndarray) -> Any:
    flat = pa.array(np.ascontiguousarray(array).reshape(-1))
    return flat if array.ndim == 1 else pa.FixedSizeListArray.from_arrays(flat, int(np.prod(array.shape[1:])))


def _array(column: Any, shape: list[int]) -> np.ndarray:
    values = column.combine_chunks()
    if not shape:
        flat: np.ndarray = values.to_numpy(zero_copy_only=False)
        return flat
    array: np.ndarray = values.flatten().to_numpy(zero_copy_only=False).reshape(len(values), *shape)
    return array


def _by_name(arrays: dict[str, np.ndarray], kind: str) -> dict[str, np.ndarray]:
    return {name.partition(".")[2]: each for name, each in arrays.items() if name.partition(".")[0] == kind}
