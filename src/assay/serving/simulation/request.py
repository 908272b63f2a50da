"""What `assay simulate` is asked."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date

from assay.core.errors import UsageError
from assay.engine.deployment import Speculation
from assay.serving.simulation.cluster import Failure
from assay.serving.simulation.limits import Order
from assay.serving.simulation.router import Policy
from assay.serving.traffic.requests import Requests
from assay.serving.traffic.traffic import Traffic


@dataclass(frozen=True, slots=True, kw_only=True)
class PoolRequest:
    """Replicas of one kind: on which chip, under which framework, laid out how."""

    chip: str
    """Catalogue id, alias, or path to a TOML file."""
    framework: str = ""
    """Framework id; empty: the first that runs on the chip."""
    replicas: int = 1
    tp: int | None = None
    """Tensor parallel size of attention; None: the fewest chips that hold the model and the longest request."""
    dp: int = 1
    """Attention data-parallel ranks."""
    ep: int = 1
    """Expert parallel size: 1 or tp x dp."""
    pp: int = 1
    all_to_all: bool = False
    """Whether experts are reached by all-to-all instead of gathering tokens."""
    chunk_tokens: int | None = None
    """--max-num-batched-tokens, --chunked-prefill-size; None: the framework's own, as the next."""
    max_num_seqs: int = 1024
    block_tokens: int = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class SimulateRequest:
    """One question: what do the users of this deployment see under this load?

    Raises
    ------
    UsageError
        Where the request contradicts itself.
    """

    model: str
    """HF id, alias, or path to a config.json."""
    serving: PoolRequest
    """What serves; with `decoding`, what prefills."""
    decoding: PoolRequest | None = None
    """A pool of its own for decoding, to which caches are sent."""
    requests: Requests | Traffic = field(repr=False)
    """What is sent: columns of one's own, or traffic to draw or read."""
    concurrency: int | None = None
    """Most requests under way (closed loop); None: each is sent when it arrives."""
    ramp_s: float = 0.0
    """Time over which the clients of a closed loop start."""
    ttft_s: float | None = None
    """Service level, for the goodput: longest time to first token of a request; None: no limit, as the next."""
    tpot_s: float | None = None
    policy: Policy = "least-loaded"
    order: Order = "fcfs"
    prefix_caching: bool = True
    draft_tokens: int = 0
    accepted_tokens: float = 1.0
    stream_interval_tokens: int = 1
    """--stream-interval: tokens that the server sends together; the first bundle leaves with its last token."""
    failures: tuple[Failure, ...] = ()
    place: str = "US"
    """Country whose prices and tariffs come first (ISO 3166-1 alpha-2)."""
    as_of: date = date.max

    def __post_init__(self) -> None:
        """Refuse requests that contradict themselves."""
        for pool in self.pools:
            sizes = (pool.replicas, pool.tp, pool.dp, pool.ep, pool.pp, pool.chunk_tokens, pool.max_num_seqs)
            if any(size is not None and size < 1 for size in (*sizes, pool.block_tokens)):
                raise UsageError("replicas, tp, dp, ep, pp, chunks, sequences and blocks are at least 1")
        if self.concurrency is not None and self.concurrency < 1:
            raise UsageError("a closed loop needs at least one client")
        if self.ramp_s < 0 or (self.ramp_s and self.concurrency is None):
            raise UsageError("only the clients of a closed loop ramp up; give a concurrency, and no negative time")
        if self.stream_interval_tokens < 1:
            raise UsageError("a server sends at least one token at a time")
        if not all(limit is None or limit > 0 for limit in (self.ttft_s, self.tpot_s)):
            raise UsageError("a service level needs positive times")
        _checked = self.speculation  # it refuses what cannot be
        for failure in self.failures:
            known = failure.pool < len(self.pools) and failure.replica < self.pools[failure.pool].replicas
            if not known or failure.at_s < 0 or failure.restart_s < 0:
                raise UsageError(f"no replica {failure.replica} in pool {failure.pool} to fail at {failure.at_s:g} s")

    @property
    def pools(self) -> tuple[PoolRequest, ...]:
        """One pool, or those that prefill and decode."""
        return (self.serving,) if self.decoding is None else (self.serving, self.decoding)

    @property
    def speculation(self) -> Speculation:
        """Multi-token prediction."""
        return Speculation(self.draft_tokens, self.accepted_tokens)
