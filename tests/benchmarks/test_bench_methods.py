"""What each method costs in training and in prediction, relative to concatenation in the same process.

``pytest tests/benchmarks/test_bench_methods.py --benchmark-enable``. The set is scikit-learn's digits in three
vector views under MLP encoders; a round is one training epoch (of the unimodal classifiers, for a training-free
fusion) or 1,000 predictions from inputs. Rounds of the method and of concatenation alternate; the ratio of their
medians is ``over_concatenation`` in ``extra_info``.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from statistics import median
from typing import Any

import pytest
import torch

from brownout.engine.coordinate import run_suite
from brownout.engine.data import read
from brownout.engine.fitted import as_fitted
from brownout.engine.fitting import source
from brownout.engine.preflight import prepare
from brownout.engine.settings import Settings
from brownout.engine.shelf import Shelf
from brownout.engine.specs import FitSpec, MethodSpec
from brownout.engine.store import Store
from brownout.engine.training import fit
from brownout.suite import parse_suite

ROUNDS, PREDICTIONS = 15, 1000
CONCATENATION: dict[str, Any] = {"fusion": "concatenation"}
METHODS: dict[str, dict[str, Any]] = {
    "statistical": {"fusion": "statistical"},
    "jacobian": {"fusion": "jacobian"},
    "alignment": {"fusion": "alignment"},
    "tmc": {"fusion": "tmc"},
    "etmc": {"fusion": "etmc"},
    "multimodal-dynamics": {"fusion": "multimodal-dynamics"},
    "mmtm": {"fusion": "mmtm"},
    "hemis": {"fusion": "hemis"},
    "shaspec": {"fusion": "shaspec"},
    "qmf": {"fusion": "qmf"},
    "dmrnet": {"fusion": "dmrnet"},
    "raml": {"fusion": "raml"},
    "modality-dropout": {**CONCATENATION, "training": {"recipe": "modality-dropout"}},
    "ogm-ge": {"fusion": "concatenation", "options": {"hidden": []}, "training": {"recipe": "ogm-ge"}},
    "mixup": {**CONCATENATION, "training": {"recipe": "mixup"}},
    "stability": {**CONCATENATION, "training": {"recipe": "stability"}},
    "free": {**CONCATENATION, "training": {"recipe": "free"}},
    "adversarial": {**CONCATENATION, "training": {"recipe": "adversarial"}},
}


class Bench:
    """Two methods of one suite, their weights as initialised."""

    def __init__(self, folder: Path, name: str) -> None:
        methods = [{"name": "concatenation", **CONCATENATION}, {"name": name, **METHODS[name]}]
        suite = parse_suite(
            {
                "suite": "bench",
                "dataset": "digits-views",
                "encoders": {"vector": {"use": "mlp", "hidden": [64]}},
                "methods": methods,
                "training": {"epochs": 0},
            }
        )
        settings = Settings(folder / "run", folder / "cache", device="cpu")
        run = run_suite(suite, settings)
        assert not run.failures
        self.plan = prepare(suite, settings, remember=False).plan
        self.shelf = Shelf(Store(folder / "cache"), "cpu", 256)
        self.specs: list[MethodSpec] = [cell.method for cell in self.plan.cells]
        (self.dataset,) = self.plan.datasets.values()

    def epoch(self, method: MethodSpec) -> Callable[[], None]:
        """One training epoch of all that the method fits."""
        fits = [self._fit(spec) for spec in method.fits]

        def run() -> None:
            for each in fits:
                each()

        return run

    def _fit(self, spec: FitSpec) -> Callable[[], object]:
        model, loop = self.shelf.fresh(spec), replace(spec.loop, epochs=1, patience=None)
        train, validation = (source(self.shelf, spec, self.dataset, split) for split in ("train", "validation"))
        return lambda: fit(model, spec.recipe.build(), train, validation, loop, 0, "cpu")

    def predictions(self, method: MethodSpec) -> Callable[[], object]:
        """1,000 predictions, from inputs, with everything present."""
        fitted, rows = as_fitted(self.shelf, method), torch.arange(PREDICTIONS)
        inputs = {
            m.name: read(self.dataset, self.dataset.splits["train"], m.name, rows) for m in self.dataset.modalities
        }
        present = torch.ones(PREDICTIONS, len(inputs), dtype=torch.bool)
        return lambda: fitted.predict(inputs, present)


@pytest.mark.parametrize("work", ["epoch", "predictions"])
@pytest.mark.parametrize("name", METHODS)
def test_against_concatenation(benchmark: Any, tmp_path: Path, name: str, work: str) -> None:
    bench = Bench(tmp_path, name)
    benchmark.group = "one training epoch" if work == "epoch" else "1,000 predictions"
    theirs, ours = (getattr(bench, work)(spec) for spec in bench.specs)
    seconds: list[float] = []
    theirs()
    done = ours()  # once, so that nothing is measured cold
    assert work == "epoch" or torch.isfinite(done.logits).all()

    def between() -> None:
        begun = time.perf_counter()
        theirs()
        seconds.append(time.perf_counter() - begun)

    benchmark.pedantic(ours, setup=between, rounds=ROUNDS if benchmark.enabled else 1)
    if benchmark.enabled:
        benchmark.extra_info |= {
            "concatenation_s": median(seconds),
            "over_concatenation": benchmark.stats.stats.median / median(seconds),
        }
