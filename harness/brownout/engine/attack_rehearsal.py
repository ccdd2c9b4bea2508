"""An attack before anything is trained: what it would refuse at its first look, it refuses here."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from typing import Any

import torch
from torch import Tensor

from brownout.engine.attacks import Entrance, canonical_entrance
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
    entrances = {name: _entrance(modalities[name], draws) for name in names}
    noise: dict[str, Noise] = {name: KeyedNoise(attack.seed, attack.component.short, name, ids) for name in names}
    given = torch.randn(ROWS, classes, generator=draws)
    asked: list[Tensor | None] = []

    def logits(inputs: Mapping[str, Any], rows: Tensor | None = None) -> Tensor:
        if asked:
            raise _Enough
        asked.append(rows)
        sums = [x.flatten(1).sum(1, keepdim=True).cpu() for x in inputs.values() if isinstance(x, Tensor)]
        return sum(sums, start=given if rows is None else given[rows])

    inputs = {name: each.values for name, each in entrances.items()}
    bounds = {name: each.bounds for name, each in entrances.items()}
    return Attacked(inputs, dict(attack.budgets), bounds, torch.arange(ROWS) % classes, logits, noise)


def _entrance(modality: Modality, draws: torch.Generator) -> Entrance:
    """Random values in the declared range, if there is one."""
    if modality.kind == "text":
        return Entrance([TEXT] * ROWS, None, lambda texts, _: texts)
    low, high = modality.range or (0.0, 1.0)
    return canonical_entrance(low + (high - low) * torch.rand(ROWS, *modality.shape, generator=draws), modality)
