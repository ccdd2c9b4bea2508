"""The board: hands out work whose inputs are there, and knows what failed."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace

from brownout.engine.works import Work
from brownout_registry import TaskOutcome


class WorkBoard:
    """The work that is left, in the plan's order; see `brownout_registry.Board`.

    A failure costs only what is made of it: work is handed out when its inputs are there or have
    failed, with the reasons of those that failed.
    """

    def __init__(self, works: Iterable[Work], done: Callable[[Work, TaskOutcome], None]) -> None:
        self.left = list(works)
        self.pending = {key for work in self.left for key in work.outputs}
        self.failed: dict[str, str] = {}
        self.done = done

    def take(self) -> Work | None:
        """The first ready piece of work, or None when all that is left waits for work under way."""
        for place, work in enumerate(self.left):
            if self.pending.isdisjoint(work.needs):
                del self.left[place]
                return replace(work, failed={key: self.failed[key] for key in work.needs if key in self.failed})
        return None

    def finish(self, work: Work, outcome: TaskOutcome) -> None:
        """Report a piece of work as done."""
        self.pending -= work.outputs
        self.failed.update(outcome.failed)
        self.done(work, outcome)
