"""The engine's own components, registered as any third party's."""

from __future__ import annotations

from brownout_registry import ExecutorCard, Option, TrainingCard, hookimpl


@hookimpl
def brownout_trainings() -> list[TrainingCard]:
    """Training without anything special."""
    return [
        TrainingCard(
            name="regular",
            target="brownout.engine.recipes:regular",
            summary="One forward and backward pass per batch, on clean data.",
            options=(Option("clip", None, "largest norm of the gradient; null does not clip"),),
        )
    ]


@hookimpl
def brownout_executors() -> list[ExecutorCard]:
    """Executors for one machine."""
    return [
        ExecutorCard(
            name="serial",
            target="brownout.engine.executors:serial",
            summary="One piece of work after the other, in this process.",
        ),
        ExecutorCard(
            name="process",
            target="brownout.engine.executors:process_pool",
            summary="A pool of worker processes on this machine.",
        ),
    ]
