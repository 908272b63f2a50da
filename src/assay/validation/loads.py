"""What a load generator sees of a deployment, for each way of loading it: closed forms, means only."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from assay.core.array import FloatArray
from assay.core.errors import Infeasible
from assay.engine.deployment import Deployment
from assay.engine.memory import memory_use
from assay.engine.step import decode_step, prefill_step
from assay.serving.closed_loop import Workload, steady_state

CONTEXTS: Final = 9
"""Context lengths over which a decode is averaged."""
BISECTIONS: Final = 60
LEVELS: Final = 12
"""Batches at which a thinning batch is evaluated."""
EULER: Final = 0.5772
"""The longest of n exponential lengths is ln n + this times their mean."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """A stretch of time on one replica, and what came out of it.

    Prefill and decode stand apart because their predictions err apart. Times of a request are None where the load has
    none.
    """

    prefill_s: float
    decode_s: float
    chips: float
    prompt_tokens: float
    """Taken in during the stretch, those found in the prefix cache included."""
    output_tokens: float
    ttft_s: float | None = None
    tpot_s: float | None = None

    @property
    def seconds(self) -> float:
        """The stretch."""
        return self.prefill_s + self.decode_s


def closed_loop(deployment: Deployment, workload: Workload, concurrency: float, limit: float) -> Outcome:
    """Return the steady state at a concurrency; what exceeds the `limit` of running requests waits in a queue."""
    running = min(concurrency, limit)
    state = steady_state(deployment, workload, running)
    ttft_s, tpot_s = float(state.ttft_s), float(state.tpot_s)
    decode_s = workload.output_tokens * tpot_s
    waiting = max(concurrency - running, 0.0)
    return Outcome(
        prefill_s=ttft_s,
        decode_s=decode_s,
        chips=float(deployment.layout.chips),
        prompt_tokens=running * workload.input_tokens,
        output_tokens=running * workload.output_tokens,
        ttft_s=ttft_s + waiting / running * (ttft_s + decode_s),
        tpot_s=tpot_s,
    )


def batches(deployment: Deployment, workload: Workload, requests: float, limit: float) -> Outcome:
    """Return `requests` that are queued together, of which at most `limit` run: batch after batch, the last not full.

    A batch prefills, chunk by chunk, and decodes to its end: T = T_p(b) + (output - 1) / accepted x mean of T_d(b, L)
    over the contexts. In-flight batching fills the gap of a finished request at once, so that the number of batches
    may be fractional.
    """
    running = min(requests, limit)
    ranks = float(deployment.layout.dp)
    sequences = max(running / ranks, 1.0)
    prefill_s = _prefill_s(deployment, workload, sequences)
    step_s = _mean_step_s(deployment, workload, sequences)
    decode_s = max(workload.output_tokens - 1.0, 0.0) * step_s
    rounds = max(requests / running, 1.0)
    waiting_s = (rounds - 1.0) / 2.0 * (prefill_s + decode_s)
    return Outcome(
        prefill_s=rounds * prefill_s,
        decode_s=rounds * decode_s,
        chips=float(deployment.layout.chips),
        prompt_tokens=requests * workload.input_tokens,
        output_tokens=requests * workload.output_tokens,
        ttft_s=waiting_s + prefill_s / 2.0 if requests > ranks else prefill_s,
        tpot_s=step_s,
    )


def queued(
    deployment: Deployment, workload: Workload, requests: float, limit: float, arrivals_per_s: float | None
) -> Outcome:
    """Return `requests` of one length that arrive at once, or at a rate, and are served as fast as it goes.

    A request waits for its batch, and for half of the prefill of it. The mean TPOT is left out: it is that of requests
    that decode while all the others prefill.
    """
    drained = batches(deployment, workload, requests, limit)
    return _arriving(drained, requests, arrivals_per_s)


def run_down(
    deployment: Deployment, workload: Workload, requests: float, limit: float, arrivals_per_s: float | None
) -> Outcome:
    """Return `requests` whose outputs stop by themselves: as `queued`, but the batch thins out towards the end.

    Output lengths are taken as exponential with the mean m of the workload, so that of n running requests n / m finish
    in a step whatever their age. While the queue lasts the batch is full, T = (N - c) / c (m T_d(c) + T_p(c)); then
    T = T_p(c) + m integral of T_d(n) d ln n from c down to 1, and the last one.
    """
    ranks, output = float(deployment.layout.dp), workload.output_tokens
    running = min(requests, limit)
    sequences = max(running / ranks, 1.0)
    rounds = max(requests / running, 1.0)
    prefill_s = rounds * _prefill_s(deployment, workload, sequences)
    levels: FloatArray = np.geomspace(sequences, 1.0, LEVELS)
    steps = np.asarray(decode_step(deployment, levels, workload.input_tokens + output).seconds)
    steps = steps / deployment.speculation.accepted_tokens
    thinning = float(np.trapezoid(steps, -np.log(levels))) + EULER * float(steps[-1])
    decode_s = output * ((rounds - 1.0) * float(steps[0]) + thinning)
    drained = Outcome(
        prefill_s=prefill_s,
        decode_s=decode_s,
        chips=float(deployment.layout.chips),
        prompt_tokens=requests * workload.input_tokens,
        output_tokens=requests * output,
        ttft_s=(rounds - 1.0) / 2.0 * (prefill_s / rounds + output * float(steps[0])) + prefill_s / rounds / 2.0,
    )
    return _arriving(drained, requests, arrivals_per_s)


def _arriving(drained: Outcome, requests: float, arrivals_per_s: float | None) -> Outcome:
    """Return the same load where requests arrive at a rate: no faster than they come, and their wait so much less."""
    span_s = requests / arrivals_per_s if arrivals_per_s else 0.0
    waited_s = (drained.ttft_s or 0.0) - span_s / 2.0
    return replace(
        drained,
        prefill_s=drained.prefill_s + max(span_s - drained.seconds, 0.0),
        ttft_s=max(waited_s, drained.prefill_s / requests),
        tpot_s=None,
    )


def saturated(deployment: Deployment, workload: Workload, limit: float) -> Outcome:
    """Return the throughput where there are always more requests than run."""
    full = batches(deployment, workload, limit, limit)
    return Outcome(full.prefill_s, full.decode_s, full.chips, full.prompt_tokens, full.output_tokens)


def prefill_pool(deployment: Deployment, workload: Workload, prompts: float) -> Outcome:
    """Return a step of chips that only prefill, all attention ranks at once; 0 prompts: as many as a chunk holds."""
    fresh = max(workload.input_tokens - workload.cached_tokens, 1.0)
    prompts = prompts or max(np.floor(deployment.engine.number("chunk_tokens") / fresh), 1.0)
    step = prefill_step(deployment, prompts, fresh, workload.cached_tokens, coincident=True)
    seconds = float(step.seconds)
    tokens = prompts * float(deployment.layout.dp) * workload.input_tokens
    return Outcome(seconds, 0.0, float(deployment.layout.chips), tokens, 0.0, ttft_s=seconds)


def decode_pool(deployment: Deployment, context_tokens: float, sequences: float) -> Outcome:
    """Return a step of chips that only decode, `sequences` on each attention rank."""
    accepted = deployment.speculation.accepted_tokens
    seconds = float(decode_step(deployment, sequences, context_tokens).seconds)
    tokens = sequences * float(deployment.layout.dp) * accepted
    return Outcome(0.0, seconds, float(deployment.layout.chips), 0.0, tokens, tpot_s=seconds / accepted)


def disaggregated(
    deployment: Deployment, workload: Workload, concurrency: float, prefillers: float, decoders: float
) -> Outcome:
    """Return `concurrency` requests in flight over workers that prefill and workers that decode.

    The rate R at which requests pass is such that those in prefill (Little: R W, W with the wait of an M/D/1 queue)
    and those in decode (b = R output TPOT(b)) are the concurrency. KV caches travel layer by layer behind the prefill.
    """
    number = deployment.engine.number
    alone_s = float(prefill_step(deployment, 1.0, workload.input_tokens).seconds)
    extra_s = number("first_token_overhead_s") + number("prefill_launch_s") * deployment.architecture.layers
    context = workload.input_tokens + workload.output_tokens / 2.0

    def step_s(sequences: float) -> float:
        step = decode_step(deployment, max(sequences, 1.0), context)
        return float(step.seconds) / deployment.speculation.accepted_tokens

    def wait_s(rate: float) -> float:
        load = (concurrency - 1.0) / concurrency * rate * alone_s / prefillers  # nobody waits for himself
        return alone_s + extra_s + alone_s * load / (2.0 * (1.0 - load))

    low, high = 0.0, concurrency  # sequences that decode
    for _ in range(BISECTIONS):
        decoding = (low + high) / 2.0
        tpot_s = step_s(decoding / decoders)
        rate = decoding / (workload.output_tokens * tpot_s)
        too_many = rate * alone_s >= prefillers or decoding + rate * wait_s(rate) > concurrency
        low, high = (low, decoding) if too_many else (decoding, high)
    tpot_s = step_s(low / decoders)
    rate = low / (workload.output_tokens * tpot_s)
    ttft_s = max(concurrency - low, 0.0) / rate
    return Outcome(
        prefill_s=ttft_s,
        decode_s=workload.output_tokens * tpot_s,
        chips=float(deployment.layout.chips) * (prefillers + decoders),
        prompt_tokens=concurrency * workload.input_tokens,
        output_tokens=concurrency * workload.output_tokens,
        ttft_s=ttft_s,
        tpot_s=tpot_s,
    )


def capacity(deployment: Deployment, workload: Workload) -> float:
    """Return how many requests of one instance the KV cache holds, at least one. Raises Infeasible where none fit."""
    memory = memory_use(deployment, workload.input_tokens, workload.output_tokens)
    if float(memory.kv_bytes) <= 0:
        raise Infeasible(f"the weights exceed the memory of {deployment.layout.chips} chips")
    return max(float(memory.sequences) * float(deployment.layout.dp), 1.0)


def _prefill_s(deployment: Deployment, workload: Workload, sequences: float) -> float:
    """Return the prefill of `sequences` prompts on every rank, as many at a time as a chunk holds."""
    fresh = max(workload.input_tokens - workload.cached_tokens, 1.0)
    crowd = min(max(np.floor(deployment.engine.number("chunk_tokens") / fresh), 1.0), sequences)
    step = prefill_step(deployment, crowd, fresh, workload.cached_tokens, coincident=True)
    launch_s = deployment.engine.number("prefill_launch_s") * deployment.architecture.layers
    chunks = max(np.ceil(crowd * fresh / deployment.engine.number("chunk_tokens")), 1.0)
    return float(sequences / crowd * max(float(step.seconds), launch_s * chunks))


def _mean_step_s(deployment: Deployment, workload: Workload, sequences: float) -> float:
    """Return the decode step a token, averaged over the contexts from the prompt to the end."""
    contexts: FloatArray = workload.input_tokens + np.linspace(0.0, 1.0, CONTEXTS) * workload.output_tokens
    steps = np.asarray(decode_step(deployment, sequences, contexts).seconds)
    mean = float(np.trapezoid(steps, dx=1.0 / (CONTEXTS - 1)))
    return mean / deployment.speculation.accepted_tokens
