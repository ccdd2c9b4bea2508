"""A plugin whose module imports torch."""

from __future__ import annotations

from collections.abc import Sequence

import torch

from brownout_registry import FusionCard, TrainingCard, hookimpl

SUMMARY = f"Made for one test with {torch.float32}"


@hookimpl
def brownout_fusions() -> Sequence[FusionCard]:
    """One that is well but for its plugin."""
    target = "violating_fusions:Healthy"
    return [FusionCard(name="heavy", target=target, summary=SUMMARY, level="representation", trained=True)]


@hookimpl
def brownout_trainings() -> Sequence[TrainingCard]:
    """One that is well but for its plugin."""
    return [TrainingCard(name="recipe-heavy", target="violating_recipes:Healthy", summary=SUMMARY)]
