"""Small simulations to look at."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import numpy as np
from hypothesis import strategies as st

from assay.serving.results.run import Run
from assay.serving.simulation.cluster import Cluster, Load, Pool, run
from assay.serving.simulation.limits import Limits
from assay.serving.simulation.served import Served
from assay.serving.simulation.steps import Chunk, Line
from assay.serving.traffic.requests import Requests
from tests.serving.simulation.naive import Job, Naive
from tests.serving.simulation.test_instance import Bent

LIMITS = Limits(kv_blocks=1000, block_tokens=4, max_num_seqs=8, chunk_tokens=64)
RUN = Run(model="some/model", started=datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC), request_rate_per_s=4.0)


@dataclass(frozen=True)
class Flat:
    """Each decode step and each prompt token takes the same time."""

    step_s: float = 0.01
    token_s: float = 0.001
    ranks: int = 1
    stages: int = 1

    def decode(self, batch: int, context: float) -> Line:  # noqa: ARG002
        return Line(self.step_s, 0.0, float("inf"))

    def prefill_s(self, chunks: Sequence[Chunk], batch: int) -> float:  # noqa: ARG002
        return self.token_s * sum(tokens for tokens, _ in chunks)


def requests(
    arrivals: Sequence[float], inputs: Sequence[int], outputs: Sequence[int], session: Sequence[int] = ()
) -> Requests:
    return Requests(
        np.array(arrivals, dtype=float),
        np.array(inputs),
        np.array(outputs),
        np.array(session or [-1] * len(arrivals)),
    )


def serve(asked: Requests, limits: Limits = LIMITS, steps: Flat | Bent = Flat(), replicas: int = 1) -> Served:
    return run(Cluster((Pool(steps, limits, replicas),)), Load(asked))


def crowd(count: int = 60, seed: int = 0, limits: Limits = LIMITS, replicas: int = 2) -> Served:
    """Two replicas under a load at which queues form and go."""
    random = np.random.default_rng(seed)
    asked = requests(
        np.cumsum(random.exponential(0.06, count)).tolist(),
        random.integers(1, 90, count).tolist(),
        random.integers(1, 40, count).tolist(),
    )
    return serve(asked, limits, Bent(0.01, 1e-6), replicas)


def apart() -> tuple[Served, tuple[Limits, Limits]]:
    """A prefill and a decode pool."""
    limits = (
        Limits(kv_blocks=1000, block_tokens=4, role="prefill"),
        Limits(kv_blocks=500, block_tokens=4, role="decode"),
    )
    asked = requests([0.0, 0.1, 0.15, 3.0], [30, 50, 10, 40], [5, 1, 9, 2])
    cluster = Cluster((Pool(Flat(), limits[0]), Pool(Flat(), limits[1], 2)), transfer_s=lambda tokens: 1e-3 * tokens)
    return run(cluster, Load(asked)), limits


@st.composite
def asked(draw: st.DrawFn) -> Requests:
    count = draw(st.integers(1, 16))
    gaps = draw(st.lists(st.sampled_from([0.0, 0.01, 0.3, 4.0]), min_size=count, max_size=count))
    inputs = draw(st.lists(st.integers(1, 90), min_size=count, max_size=count))
    outputs = draw(st.lists(st.integers(1, 60), min_size=count, max_size=count))
    return requests(np.cumsum(gaps).tolist(), inputs, outputs)


class Witness(Naive):
    """The scheduler that walks step by step, and notes when every token of every request came."""

    def tokens_s(self, asked: Requests) -> list[list[float]]:
        self.seen: dict[int, list[float]] = {}
        self.waited_s = 0.0
        jobs = self.run(asked)
        return [self.seen[job.index] for job in jobs]

    def one_step(self) -> None:
        before: list[tuple[Job, int]] = [
            (job, job.generated) for job in [*self.inbox, *self.waiting, *self.filling, *self.running]
        ]
        super().one_step()
        for job, generated in before:
            self.seen.setdefault(job.index, []).extend([self.clock] * (job.generated - generated))

    def admit(self) -> None:
        queue = list(self.waiting)
        super().admit()
        self.waited_s += sum(self.clock - job.arrival_s for job in queue if job not in self.waiting)

    def end(self, job: Job) -> None:
        self.peak = max(self.peak, self.cache.used)  # before its blocks are given back
        super().end(job)
