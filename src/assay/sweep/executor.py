"""Workers: processes of this machine here, a Ray cluster in `ray`."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from collections.abc import Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from multiprocessing.connection import Connection
from typing import Protocol

from assay.core.errors import AssayError
from assay.sweep.task import Outcome, Task, perform


class Executor(Protocol):
    """Workers that perform tasks in any order."""

    @property
    def workers(self) -> int:
        """How many tasks are performed at once."""

    def submit(self, task: Task) -> None:
        """Give a task to the workers."""

    def completed(self, timeout_s: float) -> list[list[Outcome]]:
        """Return the outcomes of tasks completed since the last call, after waiting for the first of them."""


@contextmanager
def processes(workers: int) -> Iterator[Executor]:
    """Start worker processes on entry; end them on exit, at once even where they are at work.

    Workers are spawned, not forked, so that they hold nothing of the caller. They end with the caller, however that
    ends: each waits for the end of a pipe that only the caller can write to.
    """
    context = multiprocessing.get_context("spawn")
    ended, alive = context.Pipe(duplex=False)
    pool = ProcessPoolExecutor(workers, mp_context=context, initializer=_end_with, initargs=(ended,))
    try:
        yield _Processes(pool, workers)
    finally:
        alive.close()
        pool.shutdown(cancel_futures=True)
        ended.close()


class _Processes:
    def __init__(self, pool: ProcessPoolExecutor, workers: int) -> None:
        self.workers = workers
        self._pool = pool
        self._running: set[Future[list[Outcome]]] = set()

    def submit(self, task: Task) -> None:
        try:
            with _uninterrupted():
                self._running.add(self._pool.submit(perform, task))
        except BrokenProcessPool as error:
            raise _worker_died() from error

    def completed(self, timeout_s: float) -> list[list[Outcome]]:
        done, self._running = wait(self._running, timeout=timeout_s, return_when=FIRST_COMPLETED)
        try:
            return [future.result() for future in done]
        except BrokenProcessPool as error:
            raise _worker_died() from error


def _worker_died() -> AssayError:
    return AssayError(
        "a worker process died, perhaps for want of memory",
        "What is done is kept: run the same command again, perhaps with fewer --workers.",
    )


def _end_with(ended: Connection) -> None:
    threading.Thread(target=_wait_for_end, args=(ended,), daemon=True).start()


def _wait_for_end(ended: Connection) -> None:
    try:
        ended.recv_bytes()
    except (EOFError, OSError):
        os._exit(0)


@contextmanager
def _uninterrupted() -> Iterator[None]:
    """Hold back Ctrl-C for a moment. Processes started in it never get one: who started them ends them."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
