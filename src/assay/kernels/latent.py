"""MLA attention: prefill with full keys and values, decode absorbed over the compressed cache."""

from __future__ import annotations

from typing import Final

import numpy as np

from assay.core.array import Number
from assay.kernels import prefill
from assay.kernels.coefficients import Theta
from assay.kernels.decode import BENCHMARK_STEEPNESS, ROWS, SPLITS
from assay.kernels.machine import Cost, Machine, p_norm, residency, warm_bytes, waves
from assay.kernels.silicon import Silicon
from assay.llm.operator import LatentDecodeAttention, LatentPrefillAttention
from assay.llm.precision import KV_BYTES, KvFormat

CTA_ROWS: Final = 64
"""Query heads that one CTA takes."""
CTA_KEYS: Final = 64
"""Keys in one block of a CTA."""
SUFFIX: Final[dict[str, str]] = {"bf16": "_bf", "fp8": "_fp"}
"""Kernel classes of MLA decode end in the format of their KV cache."""
UNSPLIT: Final = "trtllm_unsplit"
"""TensorRT-LLM's kernel for mma.sync chips: one CTA walks the whole KV of a sequence, ck clocks a key."""


def prefill_cost(operator: LatentPrefillAttention, machine: Machine) -> Cost:
    """Return the cost of MLA prefill in prediction: attention of width (qk + v) / 2, a KV head per query head.

    The prototype's median absolute error is 16 % on an unseen generation, 9 % on seen chips.
    """
    heads = prefill.Heads(operator.heads, operator.heads, (operator.qk_dim + operator.v_dim) / 2.0)
    span = prefill.Span(operator.new_tokens, operator.cached_tokens)
    kernel = machine.software.mla_prefill
    theta, computed = machine.theta("mla_prefill", kernel), prefill_format(kernel)
    return prefill.time(
        operator.batch,
        span,
        heads,
        KV_BYTES[operator.kv],
        machine.silicon.peak(computed),
        theta,
        machine.silicon,
        operand_bytes=KV_BYTES[computed],
    )


def prefill_format(kernel: str) -> KvFormat:
    """Return the format in which a class of MLA prefill multiplies: that of the cache its name ends in.

    Over an fp8 cache it is 1.1 to 1.4 times slower than over bf16 at short prompts, which it quantises first, and down
    to 0.7 times at long ones.
    """
    return "fp8" if kernel.endswith(SUFFIX["fp8"]) else "bf16"


def decode_cost(operator: LatentDecodeAttention, machine: Machine) -> Cost:
    """Return the cost of absorbed MLA decode in prediction: a cold KV cache."""
    kernel = kernel_class(machine.software.mla_decode, machine.silicon)
    theta = machine.theta("mla_decode", kernel + SUFFIX[operator.kv] if kernel else "")
    return time(
        operator.batch,
        operator.kv_tokens,
        np.multiply(operator.heads, operator.queries),
        operator.kv_rank,
        operator.rope_dim,
        KV_BYTES[operator.kv],
        machine.silicon.peak(operator.kv),
        theta,
        machine.silicon,
        split=kernel != UNSPLIT,
    )


def kernel_class(name: str, silicon: Silicon) -> str:
    """Return the kernel that a class of MLA decode is on a chip."""
    return UNSPLIT if name == "trtllm" and silicon.tensor_issue == "mma_sync" else name


def time(
    batch: Number,
    kv_tokens: Number,
    rows: Number,
    kv_rank: float,
    rope_dim: float,
    kv_bytes: float,
    peak: float,
    theta: Theta,
    silicon: Silicon,
    *,
    split: bool = True,
    warm: bool = False,
) -> Cost:
    """Return the cost of `rows` query rows (heads x queries) in each of `batch` sequences over one shared KV.

    t = t0 + |max(t_cta, t_mma), t_memory|_p, t_cta that of the best KV split. All heads read one KV of width
    kv_rank + rope_dim, so a chip with little compute per byte is limited by its tensor cores, not by its memory.
    A kernel that does not
    split takes at least ck clocks for each key of a sequence.

    Notes
    -----
    Fitted for width 512 + 64, 1 to 128 heads, batch 1 to 1,024, up to 131,072 keys. The prototype's median absolute
    error is 27 % on an unseen generation, 12 % on seen chips. Source: aiconfigurator-core-0-12-0.
    """
    kv_tokens = np.asarray(kv_tokens, dtype=float)
    width = kv_rank + rope_dim
    products = width + kv_rank  # per query row and key
    moved = width * batch * kv_tokens * kv_bytes + 2.0 * products * np.multiply(batch, rows)
    cold = 1.0 - residency(moved, theta.kap * warm_bytes(silicon), BENCHMARK_STEEPNESS) if warm else 1.0
    t_memory = cold * moved / (theta.eta * silicon.bandwidth_bytes_per_s)
    padded = ROWS * np.ceil(np.divide(rows, ROWS))
    per_pair_s = 2.0 * products / (theta.e * peak) + 1.0 / (theta.ex * silicon.exp_per_s)
    t_mma = batch * padded * kv_tokens * per_pair_s

    load_bytes_per_s = theta.phi / 64.0 * silicon.load_bytes_per_s
    combined_s = 8.0 * kv_rank * np.multiply(batch, rows) / silicon.bandwidth_bytes_per_s
    cta_rows = np.minimum(padded, CTA_ROWS)
    t_cta: Number = np.inf
    for parts in SPLITS if split else (1,):
        keys = CTA_KEYS * np.ceil(np.ceil(kv_tokens / CTA_KEYS) / parts)
        loaded_s = width * keys * kv_bytes / load_bytes_per_s
        computed_s = cta_rows * keys * silicon.cores * per_pair_s
        ctas = batch * np.ceil(np.divide(rows, CTA_ROWS)) * parts
        busy_s = np.maximum(loaded_s, computed_s)
        if not split:
            busy_s = np.maximum(busy_s, theta.ck * keys / silicon.clock_hz)
        t = waves(ctas, silicon.cores, theta.q) * (busy_s + theta.tp)
        if parts > 1:
            t = t + (theta.ts + parts * combined_s)
        t_cta = np.minimum(t_cta, t)
    return Cost(p_norm(theta.p, np.maximum(t_cta, t_mma), t_memory), theta.t0)
