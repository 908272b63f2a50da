"""Replicas behind a router, in one pool or in two with caches sent between them: the event loop."""

from __future__ import annotations

import heapq
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from math import inf, isnan, nan
from typing import Final

import numpy as np

from assay.core.errors import Infeasible
from assay.serving.simulation.instance import Instance
from assay.serving.simulation.limits import Limits
from assay.serving.simulation.router import Policy, Router
from assay.serving.simulation.sequence import Sequence
from assay.serving.simulation.served import Served
from assay.serving.simulation.steps import Steps
from assay.serving.traffic.requests import Requests

FAIL: Final = 0
RESTART: Final = 1
DELIVER: Final = 2
"""What comes first of what happens at one moment."""


@dataclass(frozen=True, slots=True)
class Pool:
    """Replicas of one kind."""

    steps: Steps
    limits: Limits
    replicas: int = 1


@dataclass(frozen=True, slots=True)
class Failure:
    """A replica that loses its sequences at a moment and is back a while later."""

    at_s: float
    pool: int
    replica: int
    restart_s: float


@dataclass(frozen=True, slots=True)
class Cluster:
    """What serves: one pool, or a prefill and a decode pool."""

    pools: tuple[Pool, ...]
    policy: Policy = "least-loaded"
    transfer_s: Callable[[int], float] = lambda _tokens: 0.0
    """Time to send the cache of so many tokens from the prefill to the decode pool."""
    front_s: float = 0.0
    """Between a client and the queue of a replica: HTTP, tokenisation, scheduling."""
    failures: tuple[Failure, ...] = ()


@dataclass(frozen=True, slots=True)
class Load:
    """Requests, and how many clients there are to send them."""

    requests: Requests
    concurrency: int | None = None
    """Most requests under way; None: each is sent when it arrives (open loop)."""
    ramp_s: float = 0.0
    """Time over which the clients of a closed loop start, evenly."""


def run(cluster: Cluster, load: Load, advance: Callable[[], None] = lambda: None) -> Served:
    """Serve all requests; return when each was sent, got its first token and ended.

    Deterministic: of what happens at one moment failures come first, then requests in the order of their index, then
    the replicas in theirs.

    Parameters
    ----------
    advance
        Called for every request that ends, for a progress bar.

    Raises
    ------
    Infeasible
        A request that no cache holds.
    """
    return _Run(cluster, load, advance).served()


class _Run:
    """One simulation under way."""

    def __init__(self, cluster: Cluster, load: Load, advance: Callable[[], None]) -> None:
        self.cluster, self.load, self.advance = cluster, load, advance
        requests, count = load.requests, len(load.requests)
        _check_capacity(cluster, requests)
        prefix_tokens = requests.block_tokens if requests.blocks else 0
        self.pools = [
            [Instance(pool.steps, pool.limits, prefix_tokens) for _ in range(pool.replicas)] for pool in cluster.pools
        ]
        self.routers = [Router(cluster.policy) for _ in cluster.pools]
        self.up = [list(range(pool.replicas)) for pool in cluster.pools]
        self.parked: list[tuple[int, Sequence]] = []
        self.arriving: list[tuple[float, int]] = []
        """When a request is sent, and which: those that may be sent already."""
        self.later: list[tuple[float, int, int, int, int, Sequence | None]] = []
        """Moment, kind, order of noting, pool, replica, request: failures, restarts, caches on their way."""
        self.work: list[tuple[float, int, int]] = []
        """When a replica is due; out of date where the replica says otherwise."""
        self.talking: dict[int, deque[int]] = {}
        """By conversation: the turn that is being answered, and those that wait for it."""
        self.answered_s: dict[int, float] = {}
        """By conversation: when its last answer ended."""
        self.unsent = self.noted = 0
        self.blocks = requests.blocks
        self.session, self.inputs, self.outputs = (
            requests.session.tolist(),
            requests.input_tokens.tolist(),
            requests.output_tokens.tolist(),
        )
        self.sent_s, self.first_s, self.finish_s = ([nan] * count for _ in range(3))
        self.first_step, self.replica, self.preemptions, self.cached = ([0] * count for _ in range(4))
        for failure in cluster.failures:
            self._later(failure.at_s, FAIL, failure.pool, failure.replica, None)
            self._later(failure.at_s + failure.restart_s, RESTART, failure.pool, failure.replica, None)
        self._open()

    def _open(self) -> None:
        """Send what may be sent at the start: everything, or one request a client."""
        requests, load = self.load.requests, self.load
        clients = len(requests) if load.concurrency is None else min(load.concurrency, len(requests))
        ramp_s = load.ramp_s / clients if load.concurrency is not None else 0.0
        arrivals = requests.arrival_s[:clients].tolist()
        for index, arrival_s in enumerate(arrivals):
            self.arriving.append((max(arrival_s, index * ramp_s), index))
        heapq.heapify(self.arriving)
        self.unsent = clients

    def _send_next(self, now_s: float) -> None:
        """Let the client that is free send the next request."""
        if self.load.concurrency is not None and self.unsent < len(self.load.requests):
            arrival_s = float(self.load.requests.arrival_s[self.unsent])
            heapq.heappush(self.arriving, (max(arrival_s, now_s), self.unsent))
            self.unsent += 1

    def _turn(self, index: int, sent_s: float) -> bool:
        """Tell whether a request was sent: the next turn of a conversation waits for the answer to the last."""
        session = self.session[index]
        if session < 0:
            return True
        turns = self.talking.setdefault(session, deque())
        if not turns or turns[0] != index:
            turns.append(index)
        if turns[0] != index:
            return False
        answered_s = self.answered_s.get(session, 0.0)
        if sent_s < answered_s:  # the answer ended while this turn would have been on its way
            heapq.heappush(self.arriving, (answered_s, index))
            return False
        return True

    def _answered(self, index: int, now_s: float) -> None:
        """Send the turn that waited for this answer."""
        session = self.session[index]
        if session < 0:
            return
        self.answered_s[session] = now_s
        turns = self.talking[session]
        turns.popleft()
        if turns:
            heapq.heappush(self.arriving, (now_s, turns[0]))

    def served(self) -> Served:
        """Run to the end."""
        arriving, later, work, front_s = self.arriving, self.later, self.work, self.cluster.front_s
        ended, count = 0, len(self.load.requests)
        while ended < count:
            arrival_s = arriving[0][0] + front_s if arriving else inf
            later_s = later[0][0] if later else inf
            work_s = work[0][0] if work else inf
            if later_s <= arrival_s and later_s <= work_s:
                now_s, kind, _, pool, replica, each = heapq.heappop(later)
                self._happen(now_s, kind, pool, replica, each)
            elif arrival_s <= work_s:
                sent_s, index = heapq.heappop(arriving)
                if self._turn(index, sent_s):
                    self.sent_s[index] = sent_s
                    blocks = self.blocks[index] if self.blocks else ()
                    each = Sequence(index, self.inputs[index], self.outputs[index], blocks)
                    self._deliver(arrival_s, 0, each)
            else:
                due_s, pool, replica = heapq.heappop(work)
                instance = self.pools[pool][replica]
                if instance.due != due_s:
                    continue  # shortened since
                ended += self._work(instance, pool, replica)
        return Served(
            requests=self.load.requests,
            sent_s=np.array(self.sent_s),
            first_token_s=np.array(self.first_s),
            finish_s=np.array(self.finish_s),
            first_step=np.array(self.first_step),
            replica=np.array(self.replica),
            preemptions=np.array(self.preemptions),
            cached_tokens=np.array(self.cached),
            journals=tuple(tuple(instance.journal for instance in pool) for pool in self.pools),
        )

    def _work(self, instance: Instance, pool: int, replica: int) -> int:
        """Let a replica end its work, and begin the next where nothing else happens at this moment."""
        finished = 0
        if not instance.awake:
            for each in instance.complete():
                now_s = instance.clock
                if each.phase == "done":
                    self.finish_s[each.index] = max(now_s, self.first_s[each.index])
                    self.preemptions[each.index], self.cached[each.index] = each.preemptions, each.cached
                    self._answered(each.index, now_s)
                    self._send_next(now_s)
                    self.advance()
                    finished += 1
                else:
                    self._later(now_s + each.behind_s + self.cluster.transfer_s(each.prompt), DELIVER, 1, 0, each)
        if instance.first_token_s:
            self._first_tokens(instance, replica)
        now_s = instance.clock
        quiet = (not self.arriving or self.arriving[0][0] + self.cluster.front_s > now_s) and (
            not self.later or self.later[0][0] > now_s
        )
        if quiet:
            instance.plan()
            if instance.first_token_s:
                self._first_tokens(instance, replica)
        if instance.due < inf:
            heapq.heappush(self.work, (instance.due, pool, replica))
        return finished

    def _first_tokens(self, instance: Instance, replica: int) -> None:
        for index, when_s, step in instance.first_token_s:
            if isnan(self.first_s[index]):  # a request that a failure threw back has one
                self.first_s[index], self.first_step[index] = when_s, step
            self.replica[index] = replica
        instance.first_token_s.clear()

    def _happen(self, now_s: float, kind: int, pool: int, replica: int, each: Sequence | None) -> None:
        if each is not None:
            self._deliver(now_s, pool, each)
        elif kind == FAIL:
            if replica not in self.up[pool]:
                return
            self.up[pool].remove(replica)
            for lost in self.pools[pool][replica].fail(now_s):
                self._deliver(now_s, 0, lost)
        elif replica not in self.up[pool]:
            self.up[pool].append(replica)
            self.up[pool].sort()
            parked, self.parked = self.parked, []
            for waiting_for, lost in parked:
                self._deliver(now_s, waiting_for, lost)

    def _deliver(self, now_s: float, pool: int, each: Sequence) -> None:
        """Route a request to a replica of a pool, or park it where none is up."""
        if not self.up[pool]:
            self.parked.append((pool, each))
            return
        session = self.session[each.index]
        replica = self.routers[pool].choose(self.pools[pool], self.up[pool], each, session)
        instance = self.pools[pool][replica]
        due_s = instance.due
        instance.submit(each, now_s)
        if instance.due != due_s:
            heapq.heappush(self.work, (instance.due, pool, replica))

    def _later(self, when_s: float, kind: int, pool: int, replica: int, each: Sequence | None) -> None:
        self.noted += 1
        heapq.heappush(self.later, (when_s, kind, self.noted, pool, replica, each))


def _check_capacity(cluster: Cluster, requests: Requests) -> None:
    """Refuse requests that no replica can hold alone."""
    tokens = requests.input_tokens + requests.output_tokens
    for pool in cluster.pools:
        capacity = pool.limits.kv_blocks * pool.limits.block_tokens
        too_long = np.flatnonzero(tokens > capacity)
        if too_long.size:
            worst = int(tokens.max())
            raise Infeasible(
                f"{too_long.size:,} of {len(requests):,} requests exceed the KV cache of a replica: the longest needs "
                f"{worst:,} tokens, {max(capacity, 0):,} fit ({worst / max(capacity, 1) - 1:.0%} too many)",
                "Use more chips a replica, a smaller format, or leave the longest requests out.",
            )
