"""What a person sees while a run computes: a bar on a terminal, a few lines elsewhere."""

from __future__ import annotations

from collections.abc import Sequence
from types import TracebackType
from typing import TYPE_CHECKING

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

if TYPE_CHECKING:
    from brownout.engine.plan import Plan
    from brownout.engine.works import Work
    from brownout_registry import TaskOutcome


class Watcher:
    """Shows progress on a console; see `brownout.engine.coordinate.Progress`."""

    def __init__(self, console: Console) -> None:
        self.console = console
        columns = (TextColumn("{task.description:<40.40}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
        self.bar = Progress(*columns, console=console, disable=not console.is_terminal, transient=True)
        self.task = self.bar.add_task("reading data", total=None)

    def __enter__(self) -> Watcher:
        """Show the bar."""
        self.bar.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Take the bar away."""
        self.bar.stop()

    def begin(self, plan: Plan, found: int, works: Sequence[Work]) -> None:
        """Say what is there and what is to do."""
        for name, why in plan.left_out.items():
            self._say(f"method {name} is left out: {why}")
        cells = len(plan.cells)
        if found == cells:
            self._say(f"all {cells} cells were computed before; nothing is recomputed")
        else:
            self._say(f"{cells - found} of {cells} cells to compute ({found} were computed before)")
        self.bar.update(self.task, total=len(works), description="starting")

    def advance(self, work: Work, outcome: TaskOutcome) -> None:
        """A piece of work is done."""
        self.bar.update(self.task, advance=1, description=work.title)
        for why in dict.fromkeys(outcome.failed.values()):
            self.warn(f"{work.title}: {why}")

    def warn(self, message: str) -> None:
        """A line that stays."""
        self._say(f"warning: {message}")

    def _say(self, message: str) -> None:
        self.console.print(message, markup=False, highlight=False, soft_wrap=True)
