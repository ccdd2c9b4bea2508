"""What the engine adds to an attack: 20 steps on one of three modalities against bare passes.

The bare passes are those that the attack cannot do without: 20 forward and backward passes and a last
forward pass through the one encoder (ResNet-18 at 64 × 64 pixels) and the fusion, the two others encoded.
"""

from __future__ import annotations

from pathlib import Path
from statistics import mean
from typing import Any

import torch
from test_bench_engine import BATCH, QUICK_SAMPLES, _Bench, _seconds

SAMPLES, STEPS, ROUNDS = 256, 20, 3


class _Attacked(_Bench):
    """The engine's bench with an attack on the first of three modalities as its only condition."""

    def content(self, suite: dict[str, Any]) -> dict[str, Any]:
        attack = {"use": "pgd", "steps": STEPS, "modalities": ["camera0"], "levels": [8 / 255]}
        return {**suite, "protocol": {"clean": False, "attacks": [attack]}}

    def passes(self) -> None:
        """Forward and backward passes through the attacked encoder and the fusion, and one last forward pass."""
        encoder, head = self.shelf_model("camera0")
        others = {name: self.encoded(name) for name in self.names[1:]}
        present = torch.ones(BATCH, len(self.names), dtype=torch.bool)
        split = self.dataset.splits["test"]
        for number, rows in enumerate(torch.arange(self.samples).split(BATCH)):
            x = split.read("camera0", rows).clone()
            rest = {name: values[number] for name, values in others.items()}
            for _ in range(STEPS):
                x.requires_grad_(True)
                logits = self.fitted.fusion({"camera0": head(encoder(x)), **rest}, present[: len(rows)]).logits
                loss = torch.nn.functional.cross_entropy(logits, split.targets[rows], reduction="sum")
                (gradient,) = torch.autograd.grad(loss, x)
                x = (x + gradient.sign() / 255).detach()
            with torch.no_grad():
                self.fitted.fusion({"camera0": head(encoder(x)), **rest}, present[: len(rows)])

    def encoded(self, name: str) -> list[torch.Tensor]:
        encoder, head = self.shelf_model(name)
        with torch.no_grad():
            return [
                head(encoder(self.dataset.splits["test"].read(name, rows)))
                for rows in torch.arange(self.samples).split(BATCH)
            ]

    def shelf_model(self, name: str) -> tuple[Any, Any]:
        fit = next(each for each in self.plan.cells[0].method.unimodal if each.encoders[0].modality == name)
        model = self.shelf.fitted(fit)
        return model.encoders[name], model.fusion.head


def test_an_attack_against_its_own_passes(benchmark: Any, tmp_path: Path) -> None:
    bench = _Attacked(tmp_path, 3, SAMPLES if benchmark.enabled else QUICK_SAMPLES)
    passes: list[float] = []

    def between() -> None:
        bench.fresh()
        passes.append(_seconds(bench.passes))

    run = benchmark.pedantic(bench.run, setup=between, rounds=ROUNDS)
    if benchmark.enabled:
        ratio = benchmark.stats.stats.mean / mean(passes)
        benchmark.extra_info |= {"own_passes_s": mean(passes), "attack_over_own_passes": ratio}
    assert not run.failures
