"""The hooks of a Brownout plugin.

A plugin is any object (usually a module) named by an entry point of the group ``brownout``:

.. code-block:: toml

    [project.entry-points.brownout]
    my-plugin = "my_package.plugin"

whose functions are marked with ``@hookimpl``. Every component hook returns a list of cards.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pluggy

from brownout_registry import cards

hookspec = pluggy.HookspecMarker("brownout")
hookimpl = pluggy.HookimplMarker("brownout")


@hookspec
def brownout_datasets() -> Sequence[cards.DatasetCard]:  # type: ignore[empty-body]
    """Datasets."""


@hookspec
def brownout_encoders() -> Sequence[cards.EncoderCard]:  # type: ignore[empty-body]
    """Encoders."""


@hookspec
def brownout_fusions() -> Sequence[cards.FusionCard]:  # type: ignore[empty-body]
    """Fusion strategies."""


@hookspec
def brownout_perturbations() -> Sequence[cards.PerturbationCard]:  # type: ignore[empty-body]
    """Corruptions: perturbations that need no model."""


@hookspec
def brownout_attacks() -> Sequence[cards.AttackCard]:  # type: ignore[empty-body]
    """Attacks: perturbations that are searched for with the model's gradients or logits."""


@hookspec
def brownout_metrics() -> Sequence[cards.MetricCard]:  # type: ignore[empty-body]
    """Metrics: functions of one cell's stored predictions."""


@hookspec
def brownout_summaries() -> Sequence[cards.SummaryCard]:  # type: ignore[empty-body]
    """Summaries: functions of the scores of one method over all conditions."""


@hookspec
def brownout_trainings() -> Sequence[cards.TrainingCard]:  # type: ignore[empty-body]
    """Training recipes."""


@hookspec
def brownout_protocols() -> Sequence[cards.ProtocolCard]:  # type: ignore[empty-body]
    """Named, versioned protocols."""


@hookspec
def brownout_executors() -> Sequence[cards.ExecutorCard]:  # type: ignore[empty-body]
    """Executors."""


@hookspec
def brownout_figures() -> Sequence[cards.FigureCard]:  # type: ignore[empty-body]
    """Makers of figures for the report."""


@hookspec
def brownout_published() -> Sequence[cards.PublishedCard]:  # type: ignore[empty-body]
    """Numbers printed in papers."""


@hookspec
def brownout_run_started(folder: Path, plan: Mapping[str, Any]) -> None:
    """A run begins: its folder, and the counts of the plan (``cells``, ``finished``)."""


@hookspec
def brownout_cell_finished(folder: Path, cell: Mapping[str, Any]) -> None:
    """A cell was committed: its line of ``cells.jsonl``."""


@hookspec
def brownout_run_finished(folder: Path, run: Mapping[str, Any]) -> None:
    """A run ended: the content of its ``run.json``."""


CARD_HOOKS: Mapping[str, type[cards.Card]] = {
    "brownout_datasets": cards.DatasetCard,
    "brownout_encoders": cards.EncoderCard,
    "brownout_fusions": cards.FusionCard,
    "brownout_perturbations": cards.PerturbationCard,
    "brownout_attacks": cards.AttackCard,
    "brownout_metrics": cards.MetricCard,
    "brownout_summaries": cards.SummaryCard,
    "brownout_trainings": cards.TrainingCard,
    "brownout_protocols": cards.ProtocolCard,
    "brownout_executors": cards.ExecutorCard,
    "brownout_figures": cards.FigureCard,
    "brownout_published": cards.PublishedCard,
}
