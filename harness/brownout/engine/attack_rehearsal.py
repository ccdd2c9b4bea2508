"""An attack before anything is trained: what it would refuse at its first look, it refuses here."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from typing import Any

import torch
from torch import Tensor

from brownout.engine.noise import KeyedNoise
from brownout.engine.specs import AttackSpec
from brownout_registry import Attacked, Modality, Noise

ROWS = 2
TEXT = "a text of some words"


class _Enough(Exception):  # noqa: N818  no error: the attack has seen logits, and goes on
    pass


def rehearse_attack(attack: AttackSpec, modalities: Mapping[str, Modality], classes: int) -> None:
    """Put an attack before a few random rows, until it asks for logits a second time.

    Args:
        attack: which, and how far; on several modalities at once if its target is the fused prediction.
        modalities: what the attack sees of each attacked modality: itself, or a representation as one.
        classes: how many logits there are.

    Raises:
        UsageError: it refuses what it sees, such as too few classes for its loss.
    """
    names = attack.modalities
    for group in [names] if attack.target == "fused" else [(name,) for name in names]:
        with suppress(_Enough), torch.enable_grad():
            attack.component.build()(_attacked(attack.on(group), modalities, classes))


def _attacked(attack: AttackSpec, modalities: Mapping[str, Modality], classes: int) -> Attacked:
    draws = torch.Generator().manual_seed(0)
    names, ids = attack.modalities, tuple(range(ROWS))
    bounds = {name: _bounds(modalities[name]) for name in names}
    noise: dict[str, Noise] = {name: KeyedNoise(attack.seed, attack.component.short, name, ids) for name in names}
    given = torch.randn(ROWS, classes, generator=draws)
    asked: list[Tensor | None] = []

    def logits(inputs: Mapping[str, Any], rows: Tensor | None = None) -> Tensor:
        if asked:
            raise _Enough
        asked.append(rows)
        sums = [x.flatten(1).sum(1, keepdim=True).cpu() for x in inputs.values() if isinstance(x, Tensor)]
        return sum(sums, start=given if rows is None else given[rows])

    inputs = {name: _inputs(modalities[name], bounds[name], draws) for name in names}
    return Attacked(inputs, dict(attack.budgets), bounds, torch.arange(ROWS) % classes, logits, noise)


def _inputs(modality: Modality, bounds: tuple[Tensor, Tensor] | None, draws: torch.Generator) -> Any:
    if modality.kind == "text":
        return [TEXT] * ROWS
    low, high = bounds or (0.0, 1.0)
    return low + (high - low) * torch.rand(ROWS, *modality.shape, generator=draws)


def _bounds(modality: Modality) -> tuple[Tensor, Tensor] | None:
    """The valid values in attack units, if a range is declared, as `brownout_registry.Attacked` defines these."""
    if modality.kind == "audio":
        return torch.tensor(-1.0), torch.tensor(1.0)
    if modality.range is None or modality.kind in ("vector", "sequence"):
        return None
    low, high = modality.range
    return torch.tensor(low / (high - low)), torch.tensor(high / (high - low))
