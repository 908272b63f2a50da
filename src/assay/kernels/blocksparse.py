"""Block-sparse attention (MSA of MiniMax-M3): an index branch scores all keys, attention reads the chosen blocks."""

from __future__ import annotations

from typing import Final

import numpy as np

from assay.kernels.coefficients import Theta
from assay.kernels.machine import Cost, Machine
from assay.kernels.prefill import Span
from assay.kernels.silicon import Silicon
from assay.llm.operator import BlockSparseAttention
from assay.llm.precision import KV_BYTES

KERNELS: Final[dict[str, dict[str, str]]] = {
    "prefill": {
        "sglang": "sgl_prefill_triton_sparse",
        "trtllm": "msa_fmha_sm100",
        "vllm": "MiniMaxM3SparseTritonImpl",
    },
    "decode": {
        "sglang": "sgl_decode_triton_sparse_topk_split",
        "trtllm": "msa_fmha_sm100",
        "vllm": "MiniMaxM3SparseTritonImpl",
    },
}
"""The measured kernel of each framework, a class of the coefficients."""
QUERY_ROWS: Final = 16.0
"""Query heads per KV head, and query rows of a CTA, in the measured kernels."""


def cost(operator: BlockSparseAttention, machine: Machine) -> Cost:
    """Return the cost of attention on chosen blocks and of their choice; the projections are GEMMs of their own.

    Notes
    -----
    The small kernels tf of a class are bounded by the family's: some classes were timed eager.
    """
    name = family(operator, machine)
    theta = machine.theta(name, KERNELS[operator.phase].get(machine.software.framework, ""))
    return time(operator, theta.replace(tf=min(theta.tf, machine.theta(name).tf)), machine.silicon)


def time(operator: BlockSparseAttention, theta: Theta, silicon: Silicon) -> Cost:
    """Return the cost of block-sparse attention.

    t = tf + attention / (ea P u) + index / (ei P u) + V / (eta BW), u the share of cores with work.

    Notes
    -----
    Fitted per module, GEMMs inside, so the split between its parts is loose. Source: aiconfigurator-core-0-12-0.
    """
    batch, new = np.asarray(operator.batch, dtype=float), np.asarray(operator.new_tokens, dtype=float)
    keys = np.asarray(operator.kv_tokens, dtype=float)  # mean over the queries
    tokens, dim = batch * new, operator.head_dim
    span = Span(new, np.maximum(keys - (new + 1.0) / 2.0, 0.0), operator.block * operator.blocks)
    chosen = span.pairs / new  # mean over the queries, too
    rows = operator.kv_heads * QUERY_ROWS  # the index branch has as many query rows for each KV head
    element = KV_BYTES[operator.kv]
    if operator.phase == "decode":
        ctas = 8.0 * batch * operator.kv_heads
        traffic = dim * batch * operator.kv_heads * (2.0 * chosen + keys) * element
    else:
        ctas = batch * operator.kv_heads * np.maximum(new / QUERY_ROWS, 1.0)
        last = keys + (new - 1.0) / 2.0
        traffic = 4.0 * dim * tokens * operator.heads + 3.0 * dim * element * operator.kv_heads * batch * last
    busy = np.minimum(ctas / silicon.cores, 1.0)
    peak = silicon.peak("bf16")
    t_attention = 4.0 * dim * operator.heads * tokens * chosen / (theta.ea * peak * busy)
    t_index = 2.0 * dim * rows * tokens * keys / (theta.ei * peak * busy)
    t_memory = traffic / (theta.eta * silicon.bandwidth_bytes_per_s)
    return Cost(t_attention + t_index + t_memory, theta.tf)


def family(operator: BlockSparseAttention, _: Machine) -> str:
    """Return the family whose measurements stand behind the cost."""
    return f"msa_{operator.phase}"
