"""Decode attention: GQA over a KV cache, split over cores; several queries a sequence under speculation."""

from __future__ import annotations

from typing import Final

import numpy as np

from assay.core.array import Number
from assay.kernels.coefficients import Theta
from assay.kernels.machine import Cost, Machine, p_norm, residency, warm_bytes, waves
from assay.kernels.silicon import Silicon
from assay.llm.operator import DecodeAttention
from assay.llm.precision import KV_BYTES

SPLITS: Final = (1, 2, 4, 8, 16, 32, 64)
"""Parts into which the KV of a sequence is cut where there are few CTAs."""
ROWS: Final = 16
"""Query rows of one tensor instruction."""
BENCHMARK_STEEPNESS: Final = 5.0

TILE_ROWS: Final[dict[tuple[str, str], int]] = {("fa3", "sglang"): 128, ("fa3", "vllm"): 64}
"""Query rows that a kernel pads each KV head's group to, by kernel class and framework: FlashAttention-3 runs two warp
groups of 64 rows; vLLM's fork of it one where the queries fit. Heads up to 64 wide take the same rows here."""
PADDING_SHARPNESS: Final = 8.0
"""Exponent with which the multiplied padding joins: it hides behind the loads until it exceeds them."""


def cost(operator: DecodeAttention, machine: Machine) -> Cost:
    """Return the cost of decode attention in prediction: a cold KV cache."""
    window = np.inf if operator.window is None else operator.window
    return time(
        operator.batch,
        np.minimum(operator.kv_tokens, window),
        operator.queries,
        operator.heads,
        operator.kv_heads,
        operator.head_dim,
        KV_BYTES[operator.kv],
        machine.silicon.peak(operator.kv),
        machine.theta(family(operator, machine), machine.software.attention),
        machine.silicon,
        tile_rows=TILE_ROWS.get((machine.software.attention, machine.software.framework), 0),
    )


def family(operator: DecodeAttention, _: Machine) -> str:
    """Return the family whose measurements stand behind the cost."""
    return f"decode_attention_{operator.kv}"


def time(
    batch: Number,
    kv_tokens: Number,
    queries: Number,
    heads: Number,
    kv_heads: Number,
    head_dim: Number,
    kv_bytes: float,
    peak: float,
    theta: Theta,
    silicon: Silicon,
    *,
    tile_rows: int = 0,
    warm: bool = False,
) -> Cost:
    """Return the cost of attention of `queries` new tokens in each of `batch` sequences over `kv_tokens` keys.

    t = t0 + ||t_cta, t_memory, t_mma|_p, t_padding|_8, where t_cta is that of the best KV split: each CTA loads its
    part of one KV head, and the parts are combined. t_padding multiplies the group of a KV head padded to `tile_rows`
    (0: no more than to a tensor instruction): nothing on a chip with much compute, decisive on one with little.

    Notes
    -----
    Fitted for one query, batch 1 to 2,048, 1 to 131,072 keys; more queries extend rows, reads and writes by counting.
    The prototype's median absolute error is 22 % (bf16 KV) and 27 % (fp8) on an unseen generation, 16 and 15 % on seen
    chips. Source: aiconfigurator-core-0-12-0.
    """
    kv_tokens = np.asarray(kv_tokens, dtype=float)
    query_rows = np.multiply(heads, queries)
    moved = 2.0 * batch * np.multiply(kv_heads, kv_tokens) * head_dim * kv_bytes + 4.0 * batch * query_rows * head_dim
    cold = 1.0 - residency(moved, theta.kap * warm_bytes(silicon), BENCHMARK_STEEPNESS) if warm else 1.0
    t_memory = cold * moved / (theta.eta * silicon.bandwidth_bytes_per_s)
    rows = kv_heads * ROWS * np.ceil(np.divide(query_rows, kv_heads) / ROWS)
    pairs = batch * rows * kv_tokens
    t_mma = 4.0 * head_dim * pairs / (theta.e * peak) + pairs / (theta.ex * silicon.exp_per_s)

    padded = kv_heads * tile_rows * np.ceil(np.divide(query_rows, kv_heads) / max(tile_rows, 1))
    t_padding = 4.0 * head_dim * batch * padded * kv_tokens / (theta.e * peak)

    load_bytes_per_s = theta.phi / 64.0 * silicon.load_bytes_per_s
    combined_s = 8.0 * batch * query_rows * head_dim / silicon.bandwidth_bytes_per_s
    t_cta: Number = np.inf
    for split in SPLITS:
        loaded_s = 2.0 * np.ceil(kv_tokens / split) * head_dim * kv_bytes / load_bytes_per_s
        ctas = np.multiply(batch, kv_heads) * split
        t = waves(ctas, silicon.cores, theta.q) * (loaded_s + theta.tp)
        if split > 1:
            t = t + (theta.ts + split * combined_s)
        t_cta = np.minimum(t_cta, t)
    return Cost(
        p_norm(PADDING_SHARPNESS, p_norm(theta.p, t_cta, t_memory, t_mma), t_padding), theta.t0 * silicon.launch
    )
