"""From a deployment to a pool of replicas that a simulation can run."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from math import floor

import numpy as np

from assay.engine.deployment import Deployment
from assay.engine.memory import MemoryUse, memory_use
from assay.llm.memory import kv_bytes_per_token, state_bytes_per_sequence
from assay.serving.simulation.cluster import Pool
from assay.serving.simulation.limits import Limits, Order, Role
from assay.serving.simulation.steps import StepTable

FINEST_ACCEPTANCE = 1000
"""Mean tokens of a speculative step are taken to a thousandth."""


@dataclass(frozen=True, slots=True)
class Flags:
    """Launch flags that are no part of a deployment; None: the framework's own."""

    chunk_tokens: int | None = None
    max_num_seqs: int = 1024
    block_tokens: int = 16
    order: Order = "fcfs"
    prefix_caching: bool = True
    recv_interval_steps: int = 1


def pool(
    deployment: Deployment,
    flags: Flags,
    *,
    input_tokens: float,
    output_tokens: float,
    replicas: int = 1,
    role: Role = "both",
) -> Pool:
    """Return replicas of a deployment.

    The KV cache is counted in tokens of a sequence of the mean lengths given: windows and states, which do not grow
    with the context, are spread over them.
    """
    memory = memory_use(deployment, input_tokens, output_tokens)
    blocks = floor(kv_tokens(memory, deployment, input_tokens, output_tokens) / flags.block_tokens)
    most = max(min(flags.max_num_seqs, blocks), 1)
    limits = Limits(
        kv_blocks=max(blocks, 0),
        block_tokens=flags.block_tokens,
        max_num_seqs=most,
        chunk_tokens=flags.chunk_tokens or int(deployment.engine.number("chunk_tokens")),
        interference=deployment.engine.interference,
        order=flags.order,
        prefix_caching=flags.prefix_caching,
        accepted_tokens=Fraction(deployment.speculation.accepted_tokens).limit_denominator(FINEST_ACCEPTANCE),
        draft_tokens=deployment.speculation.draft_tokens,
        recv_interval_steps=flags.recv_interval_steps,
        role=role,
    )
    return Pool(StepTable(deployment, most), limits, replicas)


def kv_tokens(memory: MemoryUse, deployment: Deployment, input_tokens: float, output_tokens: float) -> float:
    """Return the tokens that the cache of an instance holds, all attention ranks."""
    per_sequence = memory_use(deployment, input_tokens + output_tokens, 0.0).kv_bytes_per_sequence
    return float(
        np.maximum(memory.kv_bytes, 0.0) / per_sequence * (input_tokens + output_tokens) * deployment.layout.dp
    )


def transfer_s(prefill: Deployment, decode: Deployment, tokens: float) -> float:
    """Return the time to send the cache of `tokens` tokens between two instances, at the rate of their NICs.

    The slower side decides; every chip of an instance has a NIC, and one copy of the cache travels. No latency, no
    loss to contention: a lower bound.
    """
    architecture, precision = prefill.architecture, prefill.precision
    sent_bytes = tokens * kv_bytes_per_token(architecture, precision) + state_bytes_per_sequence(
        architecture, precision
    )
    rates = (float(each.layout.chips) * each.silicon.nic_bytes_per_s for each in (prefill, decode))
    return sent_bytes / min(rates)
