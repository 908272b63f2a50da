"""Steady state of a closed loop in closed form: mean TTFT and TPOT of a deployment at a fixed concurrency.

`concurrency` requests run at any time; a finished one is replaced at once. Prompts interfere with running decodes:
the mean over that loop is a fixed point. Percentiles, open loops and traces need a simulation of requests instead.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from assay.core.array import Number
from assay.core.errors import UsageError
from assay.engine.deployment import Deployment
from assay.engine.line import StepTime
from assay.engine.step import decode_step, mixed_prefill_s, prefill_step
from assay.serving.equilibrium import Steps, burst, in_waves, queueing, time_per_output_token


@dataclass(frozen=True, slots=True)
class Workload:
    """Mean lengths of the requests, in tokens; `cached_tokens` of each prompt are prefix-cache hits."""

    input_tokens: float
    output_tokens: float
    cached_tokens: float = 0.0

    def __post_init__(self) -> None:
        """Refuse requests without tokens, and prompts of which nothing is left to compute. Raises UsageError."""
        if self.input_tokens < 1 or self.output_tokens < 1:
            raise UsageError("a request needs at least one input token and one output token")
        if not 0 <= self.cached_tokens < self.input_tokens:
            raise UsageError(
                f"{self.cached_tokens:g} cached tokens of {self.input_tokens:g} input tokens",
                "The last prompt token is always computed: cached tokens are fewer than input tokens.",
            )


@dataclass(frozen=True, slots=True)
class Harness:
    """How a load generator departs from the steady state, when a benchmark rather than a service is predicted."""

    burst: float = 0.0
    """Share of requests that meet the burst at the start, when all clients send at once."""
    waves: float = 0.0
    """Weight of fixed-length prompts that stay in step and prefill together, wave after wave."""
    stream_interval_steps: float | None = None
    """Decode steps between deliveries, where a launch flag sets it; None: the framework's own."""


STEADY: Final = Harness()


@dataclass(frozen=True, slots=True)
class SteadyState:
    """Means over the closed loop, and the steps they are made of. Arrays of layouts x concurrencies."""

    concurrency: Number
    ttft_s: Number
    tpot_s: Number
    output_tok_per_s: Number
    """Of the whole instance."""
    decode: StepTime
    prefill: StepTime
    interference_s: Number
    """What the prefills of other requests add to the TPOT."""
    queue_s: Number
    """Mean wait for the prefills of earlier requests, part of the TTFT."""


def steady_state(
    deployment: Deployment, workload: Workload, concurrency: Number, harness: Harness = STEADY
) -> SteadyState:
    """Return the steady state of one instance at a concurrency.

    Formula (b = concurrency / dp sequences per rank, L = input + output / 2, T_d decode step, T_p own prefill)::

        D     = T_p where prefills take steps of their own, T_m in mixed steps, T_p / dp where ranks prefill together
        TPOT  = T_d + n D / output,   n = (C - 1) output TPOT / (output TPOT + T_p)        fixed point
        TTFT  = A + T_p + T_p rho / (2 (1 - rho)) + R T_d + l layers chunks + f (b - 1) / 2 T_q / n_b
        rho   = (b - 1) T_p / (output TPOT + T_p), at most 0.95

    with T_q the prefill of n_b prompts at once (what fits into a chunk) and f the burst of the harness. Waves replace
    the share v of TPOT by T_d + (ceil(b / n_b) - 1) / 2 T_q / output.

    Shapes: `concurrency` broadcasts against the layout of the deployment. Known error: median 8 %, P90 23 % (TPOT),
    26 % and 70 % (TTFT, chip left out) on 2,308 measured deployments of H100 to B300; source: the composition study
    named in the catalogue as assay-engine-composition.
    """
    architecture, layout, number = deployment.architecture, deployment.layout, deployment.engine.number
    speculation = deployment.speculation
    new_tokens = max(workload.input_tokens - workload.cached_tokens, 1.0)
    sequences = np.maximum(np.divide(concurrency, layout.dp), 1.0)
    context = workload.input_tokens + workload.output_tokens / 2

    decode = decode_step(deployment, sequences, context)
    decode_s = np.divide(decode.seconds, speculation.accepted_tokens)
    prefill = prefill_step(deployment, 1.0, new_tokens, workload.cached_tokens)
    prefill_s = prefill.seconds
    intrusion_s = _intrusion_s(deployment, sequences, new_tokens, workload.cached_tokens, prefill_s)

    steps = Steps(decode_s, prefill_s, intrusion_s, *_crowd(deployment, workload, sequences, harness, prefill_s))
    output_tokens = workload.output_tokens

    tpot_s = time_per_output_token(steps, concurrency, output_tokens)
    if harness.waves:
        tpot_s = (1.0 - harness.waves) * tpot_s + harness.waves * in_waves(steps, sequences, output_tokens)
    queue_s = queueing(steps, tpot_s, sequences, output_tokens, servers=layout.pp)
    chunks = np.maximum(np.ceil(new_tokens / number("chunk_tokens")), 1.0)
    interval = harness.stream_interval_steps
    ttft_s = (
        number("first_token_overhead_s")
        + prefill_s
        + queue_s
        + (number("stream_interval_steps") if interval is None else interval) * decode.seconds
        + number("prefill_launch_s") * architecture.layers * chunks
        + burst(steps, sequences, harness.burst)
    )
    output_tok_per_s = concurrency * workload.output_tokens / (ttft_s + workload.output_tokens * tpot_s)
    return SteadyState(
        concurrency=concurrency,
        ttft_s=ttft_s,
        tpot_s=tpot_s,
        output_tok_per_s=output_tok_per_s,
        decode=decode,
        prefill=prefill,
        interference_s=tpot_s - decode_s,
        queue_s=queue_s,
    )


def _crowd(
    deployment: Deployment, workload: Workload, sequences: Number, harness: Harness, prefill_s: Number
) -> tuple[Number, Number]:
    """Return the prefill of as many prompts as a chunk holds, and their number; one prompt in the steady state."""
    if harness == STEADY:
        return prefill_s, 1.0
    fitting = np.floor(deployment.engine.number("chunk_tokens") / workload.input_tokens)
    crowd = np.maximum(np.minimum(fitting, sequences), 1.0)
    return prefill_step(deployment, crowd, workload.input_tokens).seconds, crowd


def _intrusion_s(
    deployment: Deployment, sequences: Number, new_tokens: float, cached_tokens: float, prefill_s: Number
) -> Number:
    """Return D, the time that one foreign prefill takes from the running decodes."""
    layout = deployment.layout
    if deployment.engine.interference == "mixed":
        alone = mixed_prefill_s(deployment, sequences, new_tokens, cached_tokens)
    else:
        alone = prefill_s
    alone = np.divide(alone, layout.pp)  # a prefill occupies one stage at a time
    if np.all(np.equal(layout.dp, 1)):
        return alone
    together = prefill_step(deployment, 1.0, new_tokens, cached_tokens, coincident=True).seconds
    return np.where(np.equal(layout.dp, 1), alone, together / layout.dp)
