"""Work for executors that has nothing to do with models."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from brownout_registry import TaskOutcome


@dataclass(frozen=True)
class Task:
    """A piece of work: ``fault`` is ``fails``, ``raises``, ``dies`` or nothing."""

    title: str
    needs: frozenset[str] = frozenset()
    fault: str = ""
    seconds: float = 0.0
    failed: Mapping[str, str] = field(default_factory=dict, compare=False)

    @property
    def outputs(self) -> frozenset[str]:
        """Its own name."""
        return frozenset([self.title])


def start() -> Callable[[Task], TaskOutcome]:
    """A worker."""
    return work


def work(task: Task) -> TaskOutcome:
    """Do it; what failed below fails here for the same reason."""
    time.sleep(task.seconds)
    if task.fault == "dies":
        os._exit(3)
    if task.fault == "raises":
        raise KeyboardInterrupt
    why = next(iter(task.failed.values()), "bad luck" if task.fault == "fails" else "")
    return TaskOutcome(counts={task.title: 1}, failed={task.title: why} if why else {})
