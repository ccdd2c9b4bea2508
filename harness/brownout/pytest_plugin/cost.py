"""What a method costs, as pytest-benchmark measures and stores it, with its robustness beside."""

from __future__ import annotations

from collections.abc import Callable
from ctypes import CDLL
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import pytest

from brownout.pytest_plugin.computing import run_folder
from brownout.pytest_plugin.fixtures import Robustness
from brownout.pytest_plugin.options import environment
from brownout.pytest_plugin.plugin import state_of
from brownout.suite.schema import Suite

if TYPE_CHECKING:
    from brownout.engine.shelf import Shelf
    from brownout.engine.specs import MethodSpec

Work = Literal["fit", "predict-1", "predict-256"]
WORKS: tuple[Work, ...] = ("fit", "predict-1", "predict-256")


@dataclass(frozen=True)
class Cost:
    """One method on one dataset under the first training seed."""

    suite: str
    robustness: Robustness
    shelf: Shelf
    spec: MethodSpec

    def measure(self, benchmark: Any, work: Work) -> None:
        """Measure a piece of work with pytest-benchmark's fixture.

        Args:
            benchmark: the fixture; its group becomes suite and method, its ``extra_info`` gets the number of
                parameters, the peak of memory (bytes above what was in use before, in one more run), samples per
                second and the robustness scores: every condition's mean over training seeds, and the summaries.
            work: ``fit`` is one whole fit of everything that the method stands on, from initial weights;
                ``predict-N`` the prediction of N test samples from inputs, with everything present.
        """
        call, samples = self._fit if work == "fit" else self._predict(int(work.partition("-")[2]))
        benchmark.group = f"{self.suite}: {self.robustness.method}"
        peak = peak_memory(call, self.shelf.device)
        benchmark.pedantic(call, rounds=1 if work == "fit" else 20)
        found = self.robustness
        scores = {each.name: found.value(each.name) for each in found.conditions}
        info: dict[str, Any] = {"suite": self.suite, "dataset": found.dataset, "method": found.method, "work": work}
        info |= {"parameters": self.parameters, "peak_memory_bytes": peak}
        info |= {"metric": found.metric, "scores": scores, "summaries": found.summaries}
        if samples and benchmark.enabled:
            info["samples_per_second"] = samples / benchmark.stats.stats.median
        benchmark.extra_info |= info

    @property
    def parameters(self) -> int:
        """How many numbers are fitted, unimodal classifiers below included."""
        models = [self.shelf.fitted(fit) for fit in self.spec.fits]
        return sum(each.numel() for model in models for each in model.parameters())

    @property
    def _fit(self) -> tuple[Callable[[], None], int]:
        from brownout.engine.fitting import compute_fit

        def call() -> None:
            for fit in self.spec.fits:
                compute_fit(self.shelf, fit)

        return call, 0

    def _predict(self, most: int) -> tuple[Callable[[], object], int]:
        import torch

        from brownout.engine.data import read
        from brownout.engine.fitted import as_fitted

        dataset = self.shelf.dataset(self.spec.dataset)
        split = dataset.splits["test"]
        rows = torch.arange(min(most, len(split)))
        inputs = {each.name: read(dataset, split, each.name, rows) for each in dataset.modalities}
        fitted, present = as_fitted(self.shelf, self.spec), split.present[rows]
        return lambda: fitted.predict(inputs, present), len(rows)


def cost_of(request: pytest.FixtureRequest, robustness: Robustness) -> Cost:
    """The fixture ``cost``."""
    from brownout.engine.preflight import prepare
    from brownout.engine.settings import Settings
    from brownout.engine.shelf import Shelf

    listed, _ = request.node.callspec.params.get("robustness") or request.node.callspec.params["cell"]
    suite: Suite = listed.suite
    options = state_of(request.config).options
    cache = environment("CACHE", "")
    folder = run_folder(suite, options)
    settings = Settings(folder, Path(cache) if cache else None, device=environment("DEVICE", "auto"))
    ready = prepare(suite, settings, remember=False)
    wanted = (robustness.dataset, robustness.method)
    spec = next(cell.method for cell in ready.plan.cells if cell.name[:2] == wanted)
    return Cost(suite.suite, robustness, Shelf(ready.store, ready.device, settings.batch), spec)


def peak_memory(call: Callable[[], object], device: str) -> int | None:
    """The most memory that a call had above what was in use before, in bytes; None where nobody can tell.

    On a GPU it is what torch had allocated; on the CPU the process's resident memory, which only Linux with glibc
    tells, in pages: small calls that use freed memory again may show as 0.
    """
    import torch

    if device.startswith("cuda"):
        torch.cuda.reset_peak_memory_stats(device)
        before = torch.cuda.memory_allocated(device)
        call()
        return int(torch.cuda.max_memory_allocated(device) - before)
    try:
        CDLL(None).malloc_trim(0)  # of glibc: give back what was freed, or using it again would not be seen
        Path("/proc/self/clear_refs").write_text("5")  # 5: forget the peak so far
        before = _resident("VmRSS")
        call()
        return max(0, _resident("VmHWM") - before)
    except (OSError, AttributeError):
        call()
        return None


def _resident(field: str) -> int:
    lines = Path("/proc/self/status").read_text().splitlines()
    return 1024 * int(next(line for line in lines if line.startswith(f"{field}:")).split()[1])
