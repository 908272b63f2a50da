"""The sweep itself: points that nobody has done go to the workers, outcomes go to the store, until all are settled."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from itertools import islice

from assay.sweep.executor import Executor
from assay.sweep.owner import this_owner
from assay.sweep.pace import Pace
from assay.sweep.store import LEASE_S, Store
from assay.sweep.study import Point, canonical
from assay.sweep.task import Task

TASKS_PER_WORKER = 2
"""Tasks handed out: one at work and one waiting, so that no worker idles and few points are claimed."""

POLL_S = 0.2
"""How often to look whether another coordinator has settled the points that it claimed."""


def sweep(
    points: Sequence[Point],
    function: str,
    store: Store,
    executor: Executor,
    *,
    advance: Callable[[], None] = lambda: None,
    lease_s: float = LEASE_S,
) -> None:
    """Compute every point that the store has not, and record each as it is done.

    Returns when all points are done or failed in the store, whoever computed them: coordinators may share a store, and
    no point is computed by two of them while both live. Killed at any moment, it loses only the points at work; run
    again, it computes those, and none that is done.

    Parameters
    ----------
    points
        Without repeats.
    function
        'package.module:name' of a pure function from the fields of a request to what JSON can hold. Workers import it.
    store
        Where results are, and go to.
    executor
        Who computes.
    advance
        Called once for each point that is settled, for a progress bar.
    lease_s
        How long the claims of this coordinator hold should its machine vanish.

    Raises
    ------
    BadData
        Where the store refuses.
    AssayError
        Where a worker dies.
    """
    owner = this_owner()
    store.release_dead()
    try:
        _Coordinator(points, function, store, executor, advance, owner, lease_s).run()
    finally:
        store.release(owner)


class _Coordinator:
    """The state of a sweep: points are open (not tried), elsewhere (another has them), at work, or settled."""

    def __init__(
        self,
        points: Sequence[Point],
        function: str,
        store: Store,
        executor: Executor,
        advance: Callable[[], None],
        owner: str,
        lease_s: float,
    ) -> None:
        self._points = {point.key: point for point in points}
        self._open = dict(self._points)
        self._elsewhere: dict[str, Point] = {}
        self._function, self._store, self._executor = function, store, executor
        self._advance, self._owner, self._lease_s = advance, owner, lease_s
        self._tasks = 0
        self._pace = Pace()

    def run(self) -> None:
        self._drop_settled(self._open)
        renewed_s = time.monotonic()
        while self._open or self._elsewhere or self._tasks:
            while self._open and self._tasks < TASKS_PER_WORKER * self._executor.workers:
                self._hand_out()
            if self._tasks:
                self._take_in()
            elif self._elsewhere:
                self._wait_for_others()
            if time.monotonic() - renewed_s > self._lease_s / 4:
                self._store.renew(self._owner, self._lease_s)
                renewed_s = time.monotonic()

    def _hand_out(self) -> None:
        """Claim the next points and give those got to the workers."""
        count = self._pace.points(len(self._open), self._executor.workers)
        points = [self._open.pop(key) for key in list(islice(self._open, count))]
        got = self._store.claim(points, self._owner, self._lease_s)
        self._elsewhere |= {point.key: point for point in points if point.key not in got}
        requests = [(point.key, canonical(point.request)) for point in points if point.key in got]
        if requests:
            self._executor.submit(Task(self._function, requests))
            self._tasks += 1

    def _take_in(self) -> None:
        """Wait a moment for outcomes and record them."""
        for outcomes in self._executor.completed(min(1.0, self._lease_s / 4)):
            self._tasks -= 1
            for outcome in outcomes:
                self._pace.saw(outcome.seconds)
                if self._store.record(outcome.stored, self._owner):
                    self._advance()
                else:  # this machine slept longer than the lease, and another has claimed the point since
                    self._elsewhere[outcome.stored.key] = self._points[outcome.stored.key]

    def _wait_for_others(self) -> None:
        """Wait for the points that others have, and try for those again that they may have dropped."""
        time.sleep(POLL_S)
        self._store.release_dead()
        self._drop_settled(self._elsewhere)
        self._open, self._elsewhere = self._elsewhere, {}

    def _drop_settled(self, points: dict[str, Point]) -> None:
        for key in self._store.settled(list(points)):
            del points[key]
            self._advance()
