"""Where work is done: in this process, or in a pool of processes."""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Callable
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from typing import Any

from brownout_registry import Board, Executor, TaskOutcome

Start = Callable[[], Callable[[Any], TaskOutcome]]


def serial(workers: int | None = None) -> Executor:
    """One piece of work after the other, in this process; ``workers`` is ignored."""

    def execute(board: Board, start: Start) -> None:
        do = start()
        while (work := board.take()) is not None:
            board.finish(work, do(work))

    return execute


def process_pool(workers: int | None = None) -> Executor:
    """A pool of ``workers`` spawned processes (all cores if None), which share the cores' threads among them."""

    def execute(board: Board, start: Start) -> None:
        cores = os.cpu_count() or 1
        count = workers or cores
        context = multiprocessing.get_context("spawn")
        setup = (start, max(1, cores // count))
        with ProcessPoolExecutor(count, mp_context=context, initializer=_set_up, initargs=setup) as pool:
            try:
                _drain(board, pool, count)
            except BaseException:
                pool.shutdown(wait=False, cancel_futures=True)
                raise

    return execute


def _drain(board: Board, pool: ProcessPoolExecutor, count: int) -> None:
    under_way: dict[Future[TaskOutcome], Any] = {}
    while True:
        while len(under_way) < count and (work := board.take()) is not None:
            under_way[pool.submit(_do, work)] = work
        if not under_way:
            return
        finished, _ = wait(under_way, return_when=FIRST_COMPLETED)
        for future in finished:
            board.finish(under_way.pop(future), future.result())


_worker: list[Callable[[Any], TaskOutcome]] = []


def _set_up(start: Start, threads: int) -> None:
    import torch  # noqa: PLC0415  the parent need not have it

    torch.set_num_threads(threads)
    _worker.append(start())


def _do(work: Any) -> TaskOutcome:
    return _worker[0](work)
