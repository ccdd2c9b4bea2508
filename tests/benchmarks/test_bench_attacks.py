"""What the engine adds to an attack: 20 steps on one of three modalities against bare passes.

The bare passes are those that the attack cannot do without: 20 forward and backward passes and a last
forward pass through the one encoder (ResNet-18 at 64 × 64 pixels) and the fusion, the two others encoded.
"""

from __future__ import annotations

from statistics import mean
from typing import Any

import torch

SAMPLES, BATCH, STEPS, ROUNDS = 256, 64, 20, 3
ATTACK = {"use": "pgd", "steps": STEPS, "modalities": ["camera0"], "levels": [8 / 255]}


def passes(bench: Any) -> None:
    """Forward and backward passes through the attacked encoder and the fusion, and one last forward pass."""
    encode, split = encoder_of(bench, "camera0"), bench.dataset.splits["test"]
    others = {name: encoded(bench, name) for name in bench.names[1:]}
    for number, rows in enumerate(torch.arange(bench.samples).split(BATCH)):
        x, present = split.read("camera0", rows).clone(), torch.ones(len(rows), len(bench.names), dtype=torch.bool)
        rest = {name: values[number] for name, values in others.items()}
        for _ in range(STEPS):
            x.requires_grad_(True)
            logits = bench.fitted.fusion({"camera0": encode(x), **rest}, present).logits
            loss = torch.nn.functional.cross_entropy(logits, split.targets[rows], reduction="sum")
            (gradient,) = torch.autograd.grad(loss, x)
            x = (x + gradient.sign() / 255).detach()
        with torch.no_grad():
            bench.fitted.fusion({"camera0": encode(x), **rest}, present)


def encoded(bench: Any, name: str) -> list[torch.Tensor]:
    encode, split = encoder_of(bench, name), bench.dataset.splits["test"]
    with torch.no_grad():
        return [encode(split.read(name, rows)) for rows in torch.arange(bench.samples).split(BATCH)]


def encoder_of(bench: Any, name: str) -> Any:
    """Inputs to unimodal logits, with gradients."""
    fits = bench.plan.cells[0].method.unimodal
    model = bench.shelf.fitted(next(fit for fit in fits if fit.encoders[0].modality == name))
    return lambda inputs: model.fusion.head(model.encoders[name](inputs))


def test_an_attack_against_its_own_passes(benchmark: Any, make_bench: Any) -> None:
    bench = make_bench(3, SAMPLES, {"clean": False, "attacks": [ATTACK]})
    own: list[float] = []

    def between() -> None:
        bench.fresh()
        own.append(bench.seconds(lambda: passes(bench)))

    run = benchmark.pedantic(bench.run, setup=between, rounds=ROUNDS)
    if benchmark.enabled:
        ratio = benchmark.stats.stats.mean / mean(own)
        benchmark.extra_info |= {"own_passes_s": mean(own), "attack_over_own_passes": ratio}
    assert not run.failures
