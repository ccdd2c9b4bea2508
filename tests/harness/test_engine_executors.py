"""The board hands out work in order and hands failures on; executors lose nothing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from importlib import import_module
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from brownout.engine.board import WorkBoard
from brownout.engine.executors import process_pool, serial
from brownout_registry import Executor, TaskOutcome, UsageError

pytestmark = pytest.mark.usefixtures("testing_plugin")


@pytest.fixture(scope="module")
def tasks(testing_plugin: Any) -> Any:
    """The module of the tests' plugin that has tasks."""
    return import_module("brownout_testing.tasks")


class Ledger:
    """What was reported to a board, in order."""

    def __init__(self) -> None:
        self.done: list[tuple[Any, TaskOutcome]] = []

    def __call__(self, work: Any, outcome: TaskOutcome) -> None:
        self.done.append((work, outcome))

    @property
    def titles(self) -> list[str]:
        return [work.title for work, _ in self.done]


def chain(tasks: Any, fault: str = "") -> list[Any]:
    """a <- b <- c, and d on its own."""
    return [
        tasks.Task("c", frozenset("b")),
        tasks.Task("b", frozenset("a")),
        tasks.Task("a", fault=fault),
        tasks.Task("d"),
    ]


def test_work_waits_for_what_it_needs(tasks: Any) -> None:
    board, ok = WorkBoard(chain(tasks), Ledger()), TaskOutcome()
    first, second = board.take(), board.take()
    assert (first.title, second.title) == ("a", "d")  # type: ignore[union-attr]
    assert board.take() is None
    board.finish(first, ok)  # type: ignore[arg-type]
    assert board.take().title == "b"  # type: ignore[union-attr]
    assert board.take() is None


def test_the_plans_order_is_kept_where_nothing_waits(tasks: Any) -> None:
    board = WorkBoard([tasks.Task(name) for name in "xyz"], Ledger())
    assert [board.take().title for _ in range(3)] == ["x", "y", "z"]  # type: ignore[union-attr]
    assert board.take() is None


def test_what_nobody_on_the_board_makes_is_not_waited_for(tasks: Any) -> None:
    board = WorkBoard([tasks.Task("a", frozenset(["in the cache"]))], Ledger())
    assert board.take() is not None


@pytest.fixture(params=["serial", "process"])
def executor(request: pytest.FixtureRequest) -> Executor:
    return serial() if request.param == "serial" else process_pool(workers=2)


def test_failures_are_handed_on_with_their_reason(tasks: Any, executor: Executor) -> None:
    ledger = Ledger()
    executor(WorkBoard(chain(tasks, "fails"), ledger), tasks.start)
    outcomes = {work.title: outcome for work, outcome in ledger.done}
    assert sorted(ledger.titles) == ["a", "b", "c", "d"]
    assert {name for name, outcome in outcomes.items() if outcome.failed} == {"a", "b", "c"}
    assert outcomes["c"].failed == {"c": "bad luck"}
    assert [name for name in ledger.titles if name in "abc"] == ["a", "b", "c"]


def test_a_pool_does_everything_once(tasks: Any) -> None:
    ledger = Ledger()
    works = [tasks.Task(str(n), frozenset(str(m) for m in range(n) if n % (m + 2) == 0)) for n in range(40)]
    process_pool(workers=2)(WorkBoard(works, ledger), tasks.start)
    assert sum((Counter(outcome.counts) for _, outcome in ledger.done), Counter()) == {str(n): 1 for n in range(40)}


@given(
    needs=st.lists(st.sets(st.integers(0, 11), max_size=3), min_size=1, max_size=12),
    width=st.integers(1, 4),
    data=st.data(),
)
@settings(max_examples=60)
def test_any_executor_empties_the_board(tasks: Any, needs: Sequence[set[int]], width: int, data: Any) -> None:
    """Whatever is under way at the same time and in whatever order it ends; needs point to lower numbers only."""
    works = [
        tasks.Task(str(n), frozenset(str(m) for m in below if m < n)) for n, below in reversed(list(enumerate(needs)))
    ]
    ledger = Ledger()
    board, under_way = WorkBoard(works, ledger), []
    while True:
        while len(under_way) < width and (work := board.take()) is not None:
            assert work.needs <= set(ledger.titles)
            under_way.append(work)
        if not under_way:
            break
        board.finish(under_way.pop(data.draw(st.integers(0, len(under_way) - 1))), TaskOutcome())
    assert sorted(ledger.titles, key=int) == [str(n) for n in range(len(needs))]


def test_a_dead_worker_is_told_and_what_was_finished_is_reported(tasks: Any) -> None:
    ledger = Ledger()
    works = [tasks.Task("good"), tasks.Task("bad", frozenset(["good"]), fault="dies"), tasks.Task("late", seconds=0.2)]
    with pytest.raises(UsageError, match=r"worker process died .* during one of: (late, )?bad"):
        process_pool(workers=1)(WorkBoard(works, ledger), tasks.start)
    assert "good" in ledger.titles
    assert "bad" not in ledger.titles


def test_an_interrupt_ends_the_pool(tasks: Any) -> None:
    ledger = Ledger()
    works = [tasks.Task("bad", fault="raises"), *(tasks.Task(f"late {n}", seconds=0.1) for n in range(50))]
    with pytest.raises(KeyboardInterrupt):
        process_pool(workers=1)(WorkBoard(works, ledger), tasks.start)
    assert len(ledger.titles) < 10
