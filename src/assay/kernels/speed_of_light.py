"""The least time an operator can take: all FLOP at the dense peak, all bytes at the datasheet rate, no launch."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import numpy as np

from assay.core.array import Number
from assay.kernels import alltoall, collective, hyper, linear, sparse
from assay.kernels.formats import OPERANDS
from assay.kernels.prefill import Span
from assay.kernels.silicon import Silicon
from assay.kernels.single import Work
from assay.llm import operator as op
from assay.llm.precision import KV_BYTES


def speed_of_light_s(operator: op.Operator, silicon: Silicon) -> Number:
    """Return max(FLOP / peak, bytes / memory bandwidth, bytes / link) of one launch, s.

    Work is counted without padding; no cost is ever below it.
    """
    if type(operator) in LINK_SECONDS:
        return LINK_SECONDS[type(operator)](operator, silicon)
    work = WORK[type(operator)](operator)
    compute = np.divide(work.flop, silicon.peak(work.tensor))
    least: Number = np.maximum(compute, np.divide(work.bytes, silicon.bandwidth_bytes_per_s))
    return least


def _gemm(operator: op.Gemm) -> Work:
    operands = OPERANDS[operator.format]
    m, n, k = np.asarray(operator.m, dtype=float), np.asarray(operator.n, dtype=float), operator.k
    moved = operands.weight_bytes * n * k + m * (operands.activation_bytes * np.asarray(k) + 2.0 * n)
    return _work(2.0 * m * n * k, moved, operands.tensor)


def _attention(operator: op.PrefillAttention) -> Work:
    span = Span(np.asarray(operator.new_tokens, dtype=float), operator.cached_tokens, operator.window)
    element = KV_BYTES[operator.kv]
    prefix = 2.0 * element * np.minimum(span.cached, span.limit)
    per_dim = 4.0 * operator.heads * span.new + operator.kv_heads * (4.0 * span.new + prefix)
    flop = 4.0 * operator.batch * operator.heads * operator.head_dim * span.pairs
    return _work(flop, operator.batch * operator.head_dim * per_dim, operator.compute)


def _latent_attention(operator: op.LatentPrefillAttention) -> Work:
    return _attention(
        op.PrefillAttention(
            role=operator.role,
            batch=operator.batch,
            new_tokens=operator.new_tokens,
            cached_tokens=operator.cached_tokens,
            heads=operator.heads,
            kv_heads=operator.heads,
            head_dim=(operator.qk_dim + operator.v_dim) / 2.0,
            kv=operator.kv,
        )
    )


def _decode(operator: op.DecodeAttention) -> Work:
    keys = np.minimum(operator.kv_tokens, np.inf if operator.window is None else operator.window)
    rows = np.multiply(operator.heads, operator.queries)
    cache = 2.0 * np.multiply(operator.kv_heads, keys) * KV_BYTES[operator.kv]
    return _work(
        4.0 * operator.batch * rows * operator.head_dim * keys,
        operator.batch * operator.head_dim * (cache + 4.0 * rows),
        operator.kv,
    )


def _latent_decode(operator: op.LatentDecodeAttention) -> Work:
    rows = np.multiply(operator.batch, np.multiply(operator.heads, operator.queries))
    width = operator.kv_rank + operator.rope_dim
    products = width + operator.kv_rank
    cache = width * operator.batch * np.asarray(operator.kv_tokens) * KV_BYTES[operator.kv]
    return _work(2.0 * rows * products * operator.kv_tokens, cache + 2.0 * products * rows, operator.kv)


def _sparse_latent(operator: op.SparseLatentAttention) -> Work:
    queries = np.multiply(operator.batch, operator.queries)
    keys = np.minimum(operator.kv_tokens, operator.top_k)
    read = np.minimum(np.multiply(operator.batch, operator.kv_tokens), queries * keys)
    return _work(
        2.0 * 1088.0 * operator.heads * queries * keys, 1152.0 * read + 2176.0 * operator.heads * queries, "bf16"
    )


def _compressed(operator: op.CompressedAttention) -> Work:
    queries = np.multiply(operator.batch, operator.queries)
    flop = 4.0 * operator.head_dim * operator.heads * queries * operator.keys
    return _work(flop, sparse.compressed_work(operator, padded_heads=1).bytes, "bf16")


def _block_sparse(operator: op.BlockSparseAttention) -> Work:
    tokens = np.multiply(operator.batch, operator.new_tokens)
    keys = np.asarray(operator.kv_tokens, dtype=float)
    new = np.asarray(operator.new_tokens, dtype=float)
    span = Span(new, np.maximum(keys - (new + 1.0) / 2.0, 0.0), operator.block * operator.blocks)
    flop = 4.0 * operator.head_dim * operator.heads * operator.batch * span.pairs
    cache = operator.head_dim * operator.batch * operator.kv_heads * keys * KV_BYTES[operator.kv]
    return _work(flop + 2.0 * operator.head_dim * operator.kv_heads * tokens * keys, cache, "bf16")


def _moe(operator: op.Moe) -> Work:
    operands = OPERANDS[operator.format]
    matrices = 3.0 if operator.gated else 2.0
    weights = matrices * operator.hidden * np.asarray(operator.intermediate)
    read = np.maximum(operator.active_experts, 1.0) * weights * operands.weight_bytes
    inputs = np.multiply(operator.pairs, operator.hidden * operands.activation_bytes)
    return _work(2.0 * np.asarray(operator.pairs) * weights, read + inputs, operands.tensor)


def _elementwise(operator: op.Elementwise) -> Work:
    return _work(0.0, operator.traffic_bytes, "bf16")


def _conv(operator: op.CausalConv) -> Work:
    return linear.conv_work(operator, per_sequence=False)


def _collective(operator: op.Collective, silicon: Silicon) -> Number:
    ranks = np.asarray(operator.ranks, dtype=float)
    domains = np.ceil(ranks / silicon.chips_per_domain)
    local = np.maximum(ranks / domains, 1.0)
    exchange = operator.kind == "all_to_all"
    inside = collective.volume(operator.kind, local) * operator.message_bytes * (local / ranks if exchange else 1.0)
    outside = collective.volume(operator.kind, domains) * operator.message_bytes / (1.0 if exchange else local)
    least: Number = np.maximum(inside / silicon.link_among(local), outside / silicon.nic_bytes_per_s)
    return least


def _expert_all_to_all(operator: op.ExpertAllToAll, silicon: Silicon) -> Number:
    ranks = np.asarray(operator.ranks, dtype=float)
    per_node = np.minimum(silicon.chips_per_domain, ranks)
    nodes = np.ceil(ranks / per_node)
    tokens, token_bytes = np.asarray(operator.tokens, dtype=float), alltoall.token_bytes(operator)
    link, nic = alltoall.traffic(tokens, token_bytes, operator.top_k, ranks, per_node, nodes, operator.mode)
    least: Number = np.maximum(link / silicon.link_among(per_node), nic / silicon.nic_bytes_per_s)
    return least


def _point_to_point(operator: op.PointToPoint, silicon: Silicon) -> Number:
    fastest = max(float(silicon.link_among(2.0)), silicon.nic_bytes_per_s)
    least: Number = np.divide(operator.message_bytes, fastest)
    return least


def _work(flop: Number, moved: Number, tensor: str) -> Work:
    return Work(flop, moved, ctas=1.0, tensor=tensor)


WORK: Final[dict[type[op.Operator], Callable[[Any], Work]]] = {
    op.Gemm: _gemm,
    op.PrefillAttention: _attention,
    op.DecodeAttention: _decode,
    op.LatentPrefillAttention: _latent_attention,
    op.LatentDecodeAttention: _latent_decode,
    op.LatentBmm: sparse.bmm_work,
    op.SparseLatentAttention: _sparse_latent,
    op.IndexerLogits: sparse.logits_work,
    op.TopK: sparse.top_k_work,
    op.CompressedAttention: _compressed,
    op.BlockSparseAttention: _block_sparse,
    op.LinearAttention: linear.work,
    op.CausalConv: _conv,
    op.StateSpaceScan: linear.scan_work,
    op.HyperConnection: hyper.work,
    op.Moe: _moe,
    op.Elementwise: _elementwise,
}
LINK_SECONDS: Final[dict[type[op.Operator], Callable[[Any, Silicon], Number]]] = {
    op.Collective: _collective,
    op.ExpertAllToAll: _expert_all_to_all,
    op.PointToPoint: _point_to_point,
}
