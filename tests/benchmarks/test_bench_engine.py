"""What the engine costs: against bare forward passes, and against one full forward pass per condition.

Both ratios are measured within one process on ResNet-18 at 64 × 64 pixels and written into the
benchmark's ``extra_info``. The conditions are five corruptions × five severities of each modality,
under every missing pattern that leaves the corrupted modality (103 cells with two modalities, 307 with
three). The loop is already a careful one: it runs the encoders of present modalities only.
"""

from __future__ import annotations

from statistics import mean
from typing import Any

import pytest

SAMPLES, ROUNDS = 128, 3
MANY_SAMPLES, LONG_ROUNDS = 512, 2  # against bare forward passes, so that what a run costs once does not decide


@pytest.mark.parametrize("modalities", [2, 3])
def test_against_bare_forward_passes(benchmark: Any, make_bench: Any, modalities: int) -> None:
    bench = make_bench(modalities, MANY_SAMPLES)
    views = bench.views()
    made = [(view, bench.batches(view)) for view in views]
    making: list[float] = []
    forward: list[float] = []

    def between() -> None:
        """Measured between the rounds, so that a slower hour of the machine slows all three."""
        bench.fresh()
        making.append(bench.seconds(lambda: [bench.batches(view) for view in views]))
        forward.append(bench.seconds(lambda: bench.forward(made)))

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
def test_against_one_forward_pass_per_condition(benchmark: Any, make_bench: Any, modalities: int) -> None:
    bench = make_bench(modalities, SAMPLES)
    accuracies: dict[str, float] = {}
    loop = bench.seconds(lambda: accuracies.update(bench.loop()))
    run = benchmark.pedantic(bench.run, setup=bench.fresh, rounds=ROUNDS)
    if benchmark.enabled:
        benchmark.extra_info |= {"loop_s": loop, "speedup": loop / benchmark.stats.stats.min, "cells": len(accuracies)}
    measured = {score.condition.name: score.value for score in run.scores}
    assert measured == pytest.approx(accuracies, abs=1.5 / bench.samples)
