"""Where work is done: in this process, or in a pool of processes."""

from __future__ import annotations

import multiprocessing
import os
import threading
from collections.abc import Callable
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from typing import Any

from brownout_registry import Board, Executor, TaskOutcome, UsageError

Start = Callable[[], Callable[[Any], TaskOutcome]]
UnderWay = dict[Future[TaskOutcome], Any]


def serial(workers: int | None = None) -> Executor:
    """One piece of work after the other, in this process; ``workers`` is ignored."""

    def execute(board: Board, start: Start) -> None:
        do = start()
        while (work := board.take()) is not None:
            board.finish(work, do(work))

    return execute


def process_pool(workers: int | None = None) -> Executor:
    """A pool of ``workers`` spawned processes (all cores if None), which share the cores' threads among them.

    Raises:
        UsageError: when executing, if a worker process dies; what was finished is reported before.
    """

    def execute(board: Board, start: Start) -> None:
        cores = os.cpu_count() or 1
        count = workers or cores
        context = multiprocessing.get_context("spawn")
        setup = (start, max(1, cores // count))
        with ProcessPoolExecutor(count, mp_context=context, initializer=_set_up, initargs=setup) as pool:
            under_way: UnderWay = {}
            try:
                _drain(board, pool, count, under_way)
            except BrokenProcessPool:
                raise UsageError(_obituary(under_way)) from None
            except BaseException:
                pool.shutdown(wait=False, cancel_futures=True)
                raise

    return execute


def _drain(board: Board, pool: ProcessPoolExecutor, count: int, under_way: UnderWay) -> None:
    while True:
        while len(under_way) < count and (work := board.take()) is not None:
            under_way[pool.submit(_do, work)] = work
        if not under_way:
            return
        finished, _ = wait(under_way, return_when=FIRST_COMPLETED)
        for future in sorted(finished, key=lambda each: each.exception() is not None):
            outcome = future.result()
            board.finish(under_way.pop(future), outcome)


def _obituary(under_way: UnderWay) -> str:
    works = ", ".join(work.title for work in under_way.values()) or "its start"
    return (
        f"a worker process died (killed, out of memory, or crashed by a component) during one of: {works}; "
        "finished cells are kept; '--executor serial' tells which component it is"
    )


_worker: list[Callable[[Any], TaskOutcome]] = []


def _set_up(start: Start, threads: int) -> None:
    import torch  # noqa: PLC0415  the parent need not have it

    threading.Thread(target=_leave_with_parent, daemon=True).start()
    torch.set_num_threads(threads)
    _worker.append(start())


def _leave_with_parent() -> None:
    """A worker whose parent was killed would wait for work for ever."""
    parent = multiprocessing.parent_process()
    assert parent is not None
    parent.join()
    os._exit(1)


def _do(work: Any) -> TaskOutcome:
    return _worker[0](work)
