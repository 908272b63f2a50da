"""Which replica takes a request."""

from __future__ import annotations

from collections.abc import Sequence as Several
from typing import Final, Literal

from assay.serving.simulation.instance import Instance
from assay.serving.simulation.sequence import Sequence

Policy = Literal["round-robin", "least-loaded", "prefix-aware", "session-affine"]

LEAST_MATCH: Final = 0.3
"""Share of the prompt that must be cached for a replica to be preferred; SGLang's router, --cache-threshold."""
UNEVEN: Final = 64
UNEVEN_RATIO: Final = 1.5
"""Beyond these differences in load the prefix no longer counts; --balance-abs-threshold, --balance-rel-threshold."""


class Router:
    """Chooses among the replicas that are up, by one policy.

    Loads are numbers of requests in a replica, prefixes those that are really in its cache: a real router guesses both.
    """

    def __init__(self, policy: Policy) -> None:
        self._policy = policy
        self._turn = 0
        self._homes: dict[int, int] = {}

    def choose(self, replicas: Several[Instance], up: Several[int], request: Sequence, session: int) -> int:
        """Return the index of a replica in `up`, which is not empty."""
        if len(up) == 1:
            return up[0]
        if self._policy == "round-robin":
            self._turn += 1
            return up[(self._turn - 1) % len(up)]
        idlest = min(up, key=lambda index: replicas[index].requests)
        if self._policy == "prefix-aware":
            return self._with_prefix(replicas, up, request, idlest)
        if self._policy == "session-affine" and session >= 0:
            home = self._homes.get(session, idlest)
            self._homes[session] = home if home in up else idlest
            return self._homes[session]
        return idlest

    def _with_prefix(self, replicas: Several[Instance], up: Several[int], request: Sequence, idlest: int) -> int:
        if not request.blocks:
            return idlest
        loads = [replicas[index].requests for index in up]
        if max(loads) - min(loads) > UNEVEN and max(loads) > UNEVEN_RATIO * min(loads):
            return idlest
        matches = {index: replicas[index].cache.resident(request.blocks) for index in up}
        best = max(up, key=lambda index: (matches[index], -replicas[index].requests))
        return best if matches[best] >= LEAST_MATCH * len(request.blocks) else idlest
