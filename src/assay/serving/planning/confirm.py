"""Confirm a deployment that a formula found by simulating its requests."""

from __future__ import annotations

from dataclasses import replace
from math import ceil, gcd
from typing import Final

import numpy as np

from assay.serving.planning.option import Option, PlannedPool, Simulated
from assay.serving.planning.request import PlanRequest
from assay.serving.simulation.cluster import Cluster, Load, run
from assay.serving.simulation.limits import Role
from assay.serving.simulation.pools import Flags, pool, transfer_s
from assay.serving.simulation.served import Served
from assay.serving.traffic.arrivals import at_once, poisson
from assay.serving.traffic.part import NO_SESSION
from assay.serving.traffic.requests import Requests

TOLERANCE: Final = 0.1
"""How far a simulated mean may lie on the wrong side of a limit, or of the throughput of the closed form."""
TURNS: Final = 4
"""Requests for each that is under way at a time, while they are fewer than `MANY`; the first and the last of these are
not counted."""
FEWEST_TURNS: Final = 3
CLIENTS: Final = 0.95
FEW: Final = 400
MANY: Final = 2000
PREFIX_TOKENS: Final = 16
ROLES: Final[dict[str, Role]] = {"aggregated": "both", "prefill": "prefill", "decode": "decode"}


def confirmed(option: Option, request: PlanRequest) -> Option:
    """Return the option with what a simulation of its requests says; means leave out its start and its end.

    Equal parts of a deployment are simulated once: a deployment of 4 P and 8 D instances as 1 P and 2 D under a fourth
    of the load. For a planned rate requests are a Poisson process; else the load is a closed loop whose clients start
    over the time of a request. Two pools get a twentieth fewer clients than the formula has under way: with all of
    them, a TPOT that is a little below the formula's would send the rest into the queue of the prefill pool.
    """
    parts = gcd(*(each.instances for each in option.pools))
    concurrency = max(round(option.concurrency / parts), 1)
    count = max(min(TURNS * concurrency, MANY), FEWEST_TURNS * concurrency, FEW)
    requests = _requests(request, count, option.requests_per_s / parts)
    request_s = option.ttft_s.value + request.output_tokens * option.tpot_s.value
    clients = max(round(CLIENTS * concurrency), 1) if option.disaggregated else concurrency
    load = Load(requests) if request.rate_per_s is not None else Load(requests, clients, request_s)
    served = run(_cluster(option, request, parts), load)
    skipped = min(concurrency, count // FEWEST_TURNS)
    middle = slice(skipped, count - skipped)
    return replace(option, simulated=_summary(served, middle, request, option, parts))


def _cluster(option: Option, request: PlanRequest, parts: int) -> Cluster:
    first, last = option.pools[0].deployment, option.pools[-1].deployment
    pools = []
    for each in option.pools:
        output = 0.0 if each.role == "prefill" else request.output_tokens
        flags = Flags(chunk_tokens=each.chunk_tokens, max_num_seqs=_most_sequences(each))
        pools.append(
            pool(
                each.deployment, flags, input_tokens=request.input_tokens, output_tokens=output,
                replicas=each.instances // parts, role=ROLES[each.role],
            )
        )  # fmt: skip
    number = first.engine.number
    new_tokens = max(request.input_tokens - request.cached_tokens, 1.0)
    launches_s = number("prefill_launch_s") * first.architecture.layers
    front_s = number("first_token_overhead_s") + launches_s * max(ceil(new_tokens / option.pools[0].chunk_tokens), 1)
    if not option.disaggregated:
        return Cluster(tuple(pools), front_s=front_s)
    empty_s = transfer_s(first, last, 0.0)
    per_token_s = transfer_s(first, last, 1.0) - empty_s
    return Cluster(tuple(pools), transfer_s=lambda tokens: empty_s + per_token_s * tokens, front_s=front_s)


def _most_sequences(each: PlannedPool) -> int:
    """Return the sequences that an instance may run: what the memory holds, not the mean of the plan."""
    return 1024 * int(each.deployment.layout.dp)


def _requests(request: PlanRequest, count: int, rate_per_s: float) -> Requests:
    random = np.random.default_rng(0)
    arrival_s = at_once(count)
    if request.rate_per_s is not None:
        drawn_s = poisson(rate_per_s, count, random)
        arrival_s = drawn_s * ((count - 1) / rate_per_s / drawn_s[-1])  # this draw has the mean rate asked for
    if request.requests is not None:
        lengths = (np.resize(each, count) for each in (request.requests.input_tokens, request.requests.output_tokens))
    else:
        lengths = (np.full(count, max(round(each), 1)) for each in (request.input_tokens, request.output_tokens))
    input_tokens, output_tokens = lengths
    shared = int(request.cached_tokens) // PREFIX_TOKENS
    blocks: tuple[tuple[int, ...], ...] = ()
    if shared and request.requests is None:
        full = int(input_tokens[0]) // PREFIX_TOKENS
        blocks = tuple(
            (*range(shared), *range(full * (index + 1) + shared, full * (index + 2))) for index in range(count)
        )
    return Requests(
        arrival_s, input_tokens, output_tokens, np.full(count, NO_SESSION), blocks, block_tokens=PREFIX_TOKENS
    )


def _summary(served: Served, middle: slice, request: PlanRequest, option: Option, parts: int) -> Simulated:
    """Return the means over the requests between start and end."""
    ttft_s, tpot_s = served.ttft_s[middle], served.tpot_s[middle]
    tpot_s = np.where(np.isnan(tpot_s), 0.0, tpot_s)
    finish = np.argsort(served.finish_s)[middle]
    span_s = float(served.finish_s[finish[-1]] - served.finish_s[finish[0]])
    tokens = float(served.requests.output_tokens[finish[1:]].sum())
    output_tok_per_s = parts * tokens / span_s if span_s > 0 else option.output_tok_per_s.value
    mean_ttft_s, mean_tpot_s = float(ttft_s.mean()), float(tpot_s.mean())
    slower = max(mean_ttft_s / request.ttft_s, mean_tpot_s / request.tpot_s) - 1.0
    short = 1.0 - output_tok_per_s / option.output_tok_per_s.value
    return Simulated(
        requests=len(served.requests),
        ttft_s=mean_ttft_s,
        tpot_s=mean_tpot_s,
        ttft_p99_s=float(np.quantile(ttft_s, 0.99)),
        tpot_p99_s=float(np.quantile(tpot_s, 0.99)),
        output_tok_per_s=output_tok_per_s,
        confirmed=max(slower, short) <= TOLERANCE,
    )
