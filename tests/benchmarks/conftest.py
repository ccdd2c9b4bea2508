"""What the engine's benchmarks share: a suite with its weights in the cache and nothing else."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from brownout.engine.coordinate import run_suite
from brownout.engine.fitted import as_fitted
from brownout.engine.perturb import perturbed
from brownout.engine.plan import Plan
from brownout.engine.preflight import prepare
from brownout.engine.settings import Settings
from brownout.engine.shelf import Shelf
from brownout.engine.specs import Condition, ViewSpec
from brownout.engine.store import Store
from brownout.suite import parse_suite

BATCH = 64
QUICK_SAMPLES = 8  # where benchmarks are disabled the code runs, on one severity, and nothing is measured
CORRUPTIONS = [
    {"use": "gaussian-noise"},
    {"use": "gaussian-noise", "mode": "multiplicative", "levels": [0.5, 1, 1.5, 2, 2.5], "name": "multiplicative"},
    {"use": "salt-and-pepper"},
    {"use": "missing-entries", "axis": "time", "name": "missing columns"},
    {"use": "missing-entries", "axis": "frequency", "name": "missing rows"},
]


class Bench:
    """ResNet-18 at 64 × 64 pixels for each of some cameras."""

    def __init__(self, folder: Path, modalities: int, samples: int, protocol: dict[str, Any] | None = None) -> None:
        self.folder, self.names = folder, [f"camera{number}" for number in range(modalities)]
        content = _content(folder, self.names, samples)
        self.suite, self.samples = parse_suite({**content, "protocol": protocol or content["protocol"]}), samples
        self.settings = Settings(out=folder / "run", cache=folder / "cache", batch=BATCH)
        run_suite(self.suite, Settings(out=folder / "warm", cache=folder / "cache", limit=1))
        self.kept = {path.name for path in (folder / "cache").iterdir()}
        self.plan: Plan = prepare(self.suite, self.settings, remember=False).plan
        (self.dataset,) = self.plan.datasets.values()
        self.shelf = Shelf(Store(folder / "cache"), "cpu", BATCH)
        self.fitted = as_fitted(self.shelf, self.plan.cells[0].method)

    def fresh(self) -> None:
        """Forget everything but the weights."""
        shutil.rmtree(self.folder / "run", ignore_errors=True)
        for path in (self.folder / "cache").iterdir():
            if path.name not in self.kept:
                path.unlink()

    def run(self) -> Any:
        return run_suite(self.suite, self.settings)

    def views(self) -> list[ViewSpec]:
        """Every distinct view."""
        spec = self.plan.cells[0].method.dataset
        clean = [ViewSpec(spec, name) for name in self.names]
        found = [view for cell in self.plan.cells for view in cell.condition.views.values()]
        return list(dict.fromkeys([*clean, *found]))

    def forward(self, made: list[tuple[ViewSpec, list[Any]]]) -> None:
        for view, batches in made:
            for batch in batches:
                self.fitted.encoders[view.modality](batch)

    def loop(self) -> dict[str, float]:
        """What other tools do: for each condition, perturb and run all of it; accuracy by condition."""
        return {cell.condition.facts.name: self._accuracy(cell.condition) for cell in self.plan.cells}

    def _accuracy(self, condition: Condition) -> float:
        spec, split, right = self.plan.cells[0].method.dataset, self.dataset.splits["test"], 0
        present = torch.tensor([name in condition.present for name in self.names])
        for rows in torch.arange(self.samples).split(BATCH):
            logits = {}
            for name in self.names:
                if name in condition.present:
                    inputs = perturbed(self.dataset, condition.views.get(name, ViewSpec(spec, name)), rows)
                    logits[name] = self.fitted.heads[name](self.fitted.encoders[name](inputs))
                else:
                    logits[name] = torch.zeros(len(rows), len(self.dataset.task.classes))
            fused = self.fitted.fusion(logits, present.expand(len(rows), -1)).logits
            right += int((fused.argmax(1) == split.targets[rows]).sum())
        return right / self.samples

    def batches(self, view: ViewSpec) -> list[Any]:
        """The perturbed inputs of a view."""
        return [perturbed(self.dataset, view, rows) for rows in torch.arange(self.samples).split(BATCH)]

    @staticmethod
    def seconds(function: Callable[[], object]) -> float:
        """The wall time of a call."""
        begun = time.perf_counter()
        function()
        return time.perf_counter() - begun


@pytest.fixture
def make_bench(benchmark: Any, tmp_path: Path) -> Callable[..., Bench]:
    """``make_bench(modalities, samples, protocol=...)``; few samples where nothing is measured."""

    def make(modalities: int, samples: int, protocol: dict[str, Any] | None = None) -> Bench:
        return Bench(tmp_path, modalities, samples if benchmark.enabled else QUICK_SAMPLES, protocol)

    return make


def _content(folder: Path, names: list[str], samples: int) -> dict[str, Any]:
    rng = np.random.default_rng(0)
    rows = 3 * samples
    arrays = {name: rng.integers(0, 256, (rows, 3, 64, 64), dtype=np.uint8) for name in names}
    split = np.repeat(["train", "validation", "test"], samples)
    np.savez(folder / "data.npz", label=np.arange(rows) % min(10, samples), split=split, **arrays)
    severities = [1, 2, 3, 4, 5] if samples > QUICK_SAMPLES else [1]
    return {
        "suite": "bench",
        "dataset": {
            "use": "files",
            "path": str(folder / "data.npz"),
            "modalities": {name: {"column": name, "kind": "image"} for name in names},
            "target": "label",
            "split": "split",
        },
        "encoders": {"image": {"use": "timm", "model": "resnet18"}},
        "methods": [{"name": "statistical", "fusion": "statistical"}],
        "training": {"epochs": 0},
        "protocol": {
            "missing": {"patterns": "all"},
            "corruptions": {"each": CORRUPTIONS, "patterns": "all", "severities": severities},
        },
    }
