"""What the engine costs: against bare forward passes, and against one full forward pass per condition.

Both ratios are measured within one process on ResNet-18 at 64 × 64 pixels and written into the
benchmark's ``extra_info``. The conditions are five corruptions × five severities of each modality,
under every missing pattern that leaves the corrupted modality (103 cells with two modalities, 307 with
three). The loop is already a careful one: it runs the encoders of present modalities only.
"""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable
from pathlib import Path
from statistics import mean
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

SAMPLES, BATCH, ROUNDS = 128, 64, 3
MANY_SAMPLES, LONG_ROUNDS = 512, 2  # against bare forward passes, so that what a run costs once does not decide
QUICK_SAMPLES = 8  # where benchmarks are disabled the code runs, on one severity, and nothing is measured
CORRUPTIONS = [
    {"use": "gaussian-noise"},
    {"use": "gaussian-noise", "mode": "multiplicative", "levels": [0.5, 1, 1.5, 2, 2.5], "name": "multiplicative"},
    {"use": "salt-and-pepper"},
    {"use": "missing-entries", "axis": "time", "name": "missing columns"},
    {"use": "missing-entries", "axis": "frequency", "name": "missing rows"},
]


@pytest.mark.parametrize("modalities", [2, 3])
def test_against_bare_forward_passes(benchmark: Any, tmp_path: Path, modalities: int) -> None:
    bench = _Bench(tmp_path, modalities, MANY_SAMPLES if benchmark.enabled else QUICK_SAMPLES)
    views = bench.views()
    made = [(view, _batches(bench, view)) for view in views]
    making: list[float] = []
    forward: list[float] = []

    def between() -> None:
        """Measured between the rounds, so that a slower hour of the machine slows all three."""
        bench.fresh()
        making.append(_seconds(lambda: [_batches(bench, view) for view in views]))
        forward.append(_seconds(lambda: bench.forward(made)))

    run = benchmark.pedantic(bench.run, setup=between, rounds=LONG_ROUNDS)
    if benchmark.enabled:
        benchmark.extra_info |= {
            "forward_passes_s": mean(forward),
            "making_views_s": mean(making),
            "run_over_forward": benchmark.stats.stats.mean / mean(forward),
            "run_over_views_and_forward": benchmark.stats.stats.mean / (mean(making) + mean(forward)),
        }
    assert run.facts["counts"]["finished"] == run.facts["counts"]["cells"]


@pytest.mark.parametrize("modalities", [2, 3])
def test_against_one_forward_pass_per_condition(benchmark: Any, tmp_path: Path, modalities: int) -> None:
    bench = _Bench(tmp_path, modalities, SAMPLES if benchmark.enabled else QUICK_SAMPLES)
    accuracies: dict[str, float] = {}
    loop = _seconds(lambda: accuracies.update(bench.loop()))
    run = benchmark.pedantic(bench.run, setup=bench.fresh, rounds=ROUNDS)
    if benchmark.enabled:
        benchmark.extra_info |= {"loop_s": loop, "speedup": loop / benchmark.stats.stats.min, "cells": len(accuracies)}
    measured = {score.condition.name: score.value for score in run.scores}
    assert measured == pytest.approx(accuracies, abs=1.5 / bench.samples)


class _Bench:
    """A suite with its weights in the cache and nothing else."""

    def __init__(self, folder: Path, modalities: int, samples: int) -> None:
        self.folder, self.names = folder, [f"camera{number}" for number in range(modalities)]
        self.suite, self.samples = parse_suite(self.content(_content(folder, self.names, samples))), samples
        self.settings = Settings(out=folder / "run", cache=folder / "cache", batch=BATCH)
        run_suite(self.suite, Settings(out=folder / "warm", cache=folder / "cache", limit=1))
        self.kept = {path.name for path in (folder / "cache").iterdir()}
        self.plan: Plan = prepare(self.suite, self.settings, remember=False).plan
        (self.dataset,) = self.plan.datasets.values()
        self.shelf = Shelf(Store(folder / "cache"), "cpu", BATCH)
        self.fitted = as_fitted(self.shelf, self.plan.cells[0].method)

    def content(self, suite: dict[str, Any]) -> dict[str, Any]:
        """The suite, for other benches to change."""
        return suite

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


def _batches(bench: _Bench, view: ViewSpec) -> list[Any]:
    return [perturbed(bench.dataset, view, rows) for rows in torch.arange(bench.samples).split(BATCH)]


def _seconds(function: Callable[[], object]) -> float:
    begun = time.perf_counter()
    function()
    return time.perf_counter() - begun


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
