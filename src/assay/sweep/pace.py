"""How many points make a task: enough that handing it over does not matter."""

from __future__ import annotations

import math
from collections import deque
from statistics import median

TASK_S = 0.05
"""Least time of a task: a Ray task costs about a millisecond, a task of a process pool less."""

AT_MOST = 200
"""Most points of a task, so that one that turn out slow do not hold up the rest."""


class Pace:
    """Time of a point as the last ones had it. Before the first is known, a task is one point."""

    def __init__(self) -> None:
        self._seconds: deque[float] = deque(maxlen=64)  # the median forgets the first of each worker, which imports

    def saw(self, seconds: float) -> None:
        """Take note of the time of one point."""
        self._seconds.append(seconds)

    def points(self, left: int, workers: int) -> int:
        """Return how many points to put into the next task: TASK_S of work, yet something left for each worker."""
        if not self._seconds:
            return 1
        typical_s = max(median(self._seconds), TASK_S / AT_MOST)
        return max(1, min(math.ceil(TASK_S / typical_s), math.ceil(left / workers)))
