"""Sparse attention: indexer scores, top-k, attention on the chosen tokens (DSA, CSA, HCA); and the absorbed BMMs."""

from __future__ import annotations

from typing import Final

import numpy as np

from assay.core.array import Number
from assay.kernels import latent, single
from assay.kernels.machine import Cost, Machine
from assay.kernels.single import Work
from assay.llm.operator import (
    CompressedAttention,
    IndexerLogits,
    LatentBmm,
    LatentDecodeAttention,
    SparseLatentAttention,
    TopK,
)

HEADS_PER_CTA: Final = 64
"""Query heads of a CTA; a tensor instruction computes as many whatever a chip holds, 128 on datacentre Blackwell."""
PADDED_HEADS: Final[dict[str, int]] = {"blackwell": 128, "rubin": 128}
INDEX_ROWS: Final = 128
"""Query x head rows of an indexer CTA."""
PAGE_KEYS: Final = 1024
KEY_BYTES: Final = 132.0
"""One indexer key: 128 fp8 values and a scale."""
DEQUANTISED: Final[dict[str, frozenset[str]]] = {"trtllm": frozenset({"blackwell", "rubin"})}
"""Generations on which a framework widens fp8 weights of an absorbed projection before it multiplies them."""
SPARSE_KERNEL: Final = "flash_mla_sparse_fwd"
LOGITS_KERNEL: Final = "deep_gemm.fp8_mqa_logits"
BMM_WEIGHT_BYTES: Final[dict[str, float]] = {"bf16": 2.0, "fp8": 1.0}
BMM_SUFFIX: Final[dict[str, str]] = {"bf16": "_bf", "fp8": "_fp"}


def bmm_cost(operator: LatentBmm, machine: Machine) -> Cost:
    """Return the cost of one absorbed projection of MLA decode."""
    framework = machine.software.framework
    dequantised = operator.format == "fp8" and machine.silicon.generation in DEQUANTISED.get(framework, ())
    kernel = bmm_class(framework, operator.format, dequantised=dequantised)
    return single.time(bmm_work(operator), machine.theta("mla_bmm", kernel), machine.silicon)


def bmm_class(framework: str, format_: str, *, dequantised: bool) -> str:
    """Return the class of an absorbed projection; "dequantised": fp8 weights widened to bf16 first."""
    if not framework:
        return ""
    return framework + ("_dequantised" if dequantised else BMM_SUFFIX[format_])


def bmm_work(operator: LatentBmm) -> Work:
    """Count heads x [tokens, k] x [k, n]; the value side runs in four serial steps."""
    tokens = np.asarray(operator.tokens, dtype=float)
    weights = operator.heads * operator.k * operator.n * BMM_WEIGHT_BYTES[operator.format]
    return Work(
        flop=2.0 * operator.heads * tokens * operator.k * operator.n,
        bytes=weights + 2.0 * operator.heads * tokens * (operator.k + operator.n),
        ctas=operator.heads * np.ceil(tokens / 128.0) * np.ceil(operator.n / 128.0),
        steps=1.0 if operator.first else 4.0,
        tensor=operator.format,
    )


def logits_cost(operator: IndexerLogits, machine: Machine) -> Cost:
    """Return the cost of an indexer's scores."""
    name = logits_family(operator, machine)
    kernel = machine.software.framework if operator.paged else LOGITS_KERNEL
    return single.time(logits_work(operator), machine.theta(name, kernel), machine.silicon)


def logits_family(operator: IndexerLogits, _: Machine) -> str:
    """Return the family whose measurements stand behind the cost."""
    return "indexer_logits_paged" if operator.paged else "indexer_logits"


def logits_work(operator: IndexerLogits) -> Work:
    """Count heads x width products for each pair of query and key, keys read once per sequence, scores written."""
    queries = np.multiply(operator.batch, operator.new_tokens)
    keys = np.asarray(operator.kv_tokens, dtype=float)  # mean over the queries
    pairs = queries * keys
    last = keys if operator.paged else keys + (np.asarray(operator.new_tokens) - 1.0) / 2.0
    blocks = np.ceil(queries * operator.heads / INDEX_ROWS)
    return Work(
        flop=2.0 * operator.heads * operator.head_dim * pairs,
        bytes=operator.head_dim * operator.heads * queries + KEY_BYTES * operator.batch * last + 4.0 * pairs,
        ctas=blocks * np.ceil(last / PAGE_KEYS) if operator.paged else blocks,
        steps=1.0 if operator.paged else last / 256.0,
        tensor="fp8",
    )


def top_k_cost(operator: TopK, machine: Machine) -> Cost:
    """Return the cost of choosing the best candidates; scores neither flat nor ordered, so no class offset."""
    return single.time(top_k_work(operator), machine.theta("top_k"), machine.silicon)


def top_k_work(operator: TopK) -> Work:
    """Count scores read and indices written; one CTA per query."""
    queries, candidates = np.asarray(operator.queries, dtype=float), np.asarray(operator.candidates, dtype=float)
    return Work(
        flop=0.0,
        bytes=4.0 * queries * candidates + 4.0 * operator.k * queries,
        ctas=queries,
        steps=np.maximum(np.maximum(candidates, operator.k) / 4096.0, 1.0),
    )


def attention_cost(operator: SparseLatentAttention, machine: Machine) -> Cost:
    """Return the cost of MLA attention on the chosen tokens.

    Decode runs the kernel of absorbed MLA decode, split over the keys, on the cache of the chosen ones, a cache for
    each query; without the split few queries would wait for 32 blocks of keys one after another.
    """
    if operator.phase == "decode":
        chosen = np.minimum(operator.kv_tokens, operator.top_k)
        queries = np.multiply(operator.batch, operator.queries)
        dense = LatentDecodeAttention(
            role=operator.role, batch=queries, kv_tokens=chosen, heads=operator.heads, kv_rank=512.0, rope_dim=64.0
        )
        return latent.decode_cost(dense, machine)
    theta = machine.theta("sparse_mla", SPARSE_KERNEL)
    work = attention_work(operator, PADDED_HEADS.get(machine.silicon.generation, HEADS_PER_CTA))
    return single.time(work, theta, machine.silicon)


def attention_family(operator: SparseLatentAttention, _: Machine) -> str:
    """Return the family whose measurements stand behind the cost."""
    return "mla_decode" if operator.phase == "decode" else "sparse_mla"


def attention_work(operator: SparseLatentAttention, padded_heads: int) -> Work:
    """Count `top_k` slots per query, filled or not, for `padded_heads` heads whatever a chip holds.

    The fit reads the whole cache, as many queries together do; few queries read no more than they chose.
    """
    queries = np.multiply(operator.batch, operator.queries)
    read = np.minimum(operator.batch * np.asarray(operator.kv_tokens), queries * operator.top_k)
    return Work(
        flop=2.0 * 1088.0 * _padded(operator.heads, padded_heads) * queries * operator.top_k,
        bytes=1152.0 * read + 2176.0 * operator.heads * queries,
        ctas=queries * np.ceil(np.divide(operator.heads, HEADS_PER_CTA)),
        steps=operator.top_k / 64.0,
    )


def compressed_cost(operator: CompressedAttention, machine: Machine) -> Cost:
    """Return the cost of DeepSeek-V4 attention, by the sparse MLA kernel that runs it."""
    theta = machine.theta("sparse_mla", SPARSE_KERNEL)
    work = compressed_work(operator, PADDED_HEADS.get(machine.silicon.generation, HEADS_PER_CTA))
    return single.time(work, theta, machine.silicon)


def compressed_work(operator: CompressedAttention, padded_heads: int) -> Work:
    """Count score and value products of every head with the keys of its query; keys are shared by the heads."""
    queries = np.multiply(operator.batch, operator.queries)
    keys = np.asarray(operator.keys, dtype=float)
    width = operator.head_dim
    return Work(
        flop=4.0 * width * _padded(operator.heads, padded_heads) * queries * keys,
        bytes=(2.0 if operator.kv == "bf16" else 1.0) * width * operator.batch * keys
        + 4.0 * width * operator.heads * queries,
        ctas=queries * np.ceil(np.divide(operator.heads, HEADS_PER_CTA)),
        steps=np.ceil(keys / 64.0),
    )


def _padded(heads: Number, multiple: int) -> Number:
    padded: Number = multiple * np.ceil(np.divide(heads, multiple))
    return padded
