"""The operators of one forward step: what is computed, with which shapes, and how many times; not how fast.

Every shape is a number or an array that broadcasts (layouts x batches x lengths). All shapes are those of ONE chip.
`count` is the number of launches in one forward pass of the whole model; 0 switches an operator off where a layout
does not need it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from assay.core.array import Number
from assay.llm.precision import KvFormat, WeightFormat


@dataclass(frozen=True, slots=True, kw_only=True)
class Operator:
    """What all operators share: a role for reports, such as 'attention.qkv', and launches per forward pass."""

    role: str
    count: Number = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Gemm(Operator):
    """C[m, n] = A[m, k] W[k, n]."""

    m: Number
    n: Number
    k: Number
    format: WeightFormat = "bf16"
    static_scales: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class PrefillAttention(Operator):
    """Causal attention of `new_tokens` queries per sequence over `cached_tokens` + themselves (MHA, GQA, windowed)."""

    batch: Number
    new_tokens: Number
    cached_tokens: Number = 0.0
    heads: Number
    kv_heads: Number
    head_dim: float
    window: float | None = None
    compute: KvFormat = "bf16"
    kv: KvFormat = "bf16"


@dataclass(frozen=True, slots=True, kw_only=True)
class DecodeAttention(Operator):
    """Attention of `queries` new tokens per sequence over `kv_tokens` cached tokens (MHA, GQA, windowed)."""

    batch: Number
    kv_tokens: Number
    queries: Number = 1.0
    heads: Number
    kv_heads: Number
    head_dim: float
    window: float | None = None
    kv: KvFormat = "bf16"


@dataclass(frozen=True, slots=True, kw_only=True)
class LatentPrefillAttention(Operator):
    """MLA prefill, not absorbed: query and key width `qk_dim`, value width `v_dim` (DeepSeek: 192 and 128)."""

    batch: Number
    new_tokens: Number
    cached_tokens: Number = 0.0
    heads: Number
    qk_dim: float
    v_dim: float
    kv: KvFormat = "bf16"


@dataclass(frozen=True, slots=True, kw_only=True)
class LatentDecodeAttention(Operator):
    """MLA decode, absorbed: one shared KV of width `kv_rank` + `rope_dim` (512 + 64) for all heads."""

    batch: Number
    kv_tokens: Number
    queries: Number = 1.0
    heads: Number
    kv_rank: float
    rope_dim: float
    kv: KvFormat = "bf16"


@dataclass(frozen=True, slots=True, kw_only=True)
class LatentBmm(Operator):
    """One absorbed projection of MLA decode: per head [tokens, k] x [k, n]; `first`: the query side (128 to 512)."""

    tokens: Number
    heads: Number
    k: float
    n: float
    format: KvFormat = "bf16"
    first: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class SparseLatentAttention(Operator):
    """MLA attention of `queries` tokens per sequence over the `top_k` cached tokens that an indexer chose."""

    batch: Number
    queries: Number
    kv_tokens: Number
    heads: Number
    top_k: float
    phase: Literal["prefill", "decode"] = "decode"


@dataclass(frozen=True, slots=True, kw_only=True)
class IndexerLogits(Operator):
    """Scores of every cached token by a light indexer: `heads` index heads of width `head_dim`, fp8."""

    batch: Number
    new_tokens: Number
    kv_tokens: Number
    heads: float
    head_dim: float
    phase: Literal["prefill", "decode"] = "decode"
    paged: bool = False
    """The paged kernel (DeepSeek-V4's compressed cache, and every decode), not the contiguous prefill one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TopK(Operator):
    """Choice of the `k` best of `candidates` scores for each query."""

    queries: Number
    candidates: Number
    k: float


@dataclass(frozen=True, slots=True, kw_only=True)
class CompressedAttention(Operator):
    """DeepSeek-V4 attention (CSA, HCA): multi-query over `keys` compressed and windowed keys of width `head_dim`."""

    batch: Number
    queries: Number
    keys: Number
    heads: Number
    head_dim: float
    phase: Literal["prefill", "decode"] = "decode"
    kv: KvFormat = "bf16"


@dataclass(frozen=True, slots=True, kw_only=True)
class BlockSparseAttention(Operator):
    """MiniMax-M3 attention (MSA): GQA over `blocks` blocks of `block` tokens chosen per query by an index branch."""

    batch: Number
    new_tokens: Number
    kv_tokens: Number
    heads: Number
    kv_heads: Number
    head_dim: float
    block: float
    blocks: float
    phase: Literal["prefill", "decode"] = "decode"
    kv: KvFormat = "bf16"


@dataclass(frozen=True, slots=True, kw_only=True)
class LinearAttention(Operator):
    """Gated delta net, KDA or lightning attention: a state of `value_heads` x key_dim x value_dim per sequence."""

    kind: Literal["gdn", "kda", "lightning"]
    batch: Number
    new_tokens: Number
    key_heads: Number
    value_heads: Number
    key_dim: float
    value_dim: float
    phase: Literal["prefill", "decode"] = "decode"


@dataclass(frozen=True, slots=True, kw_only=True)
class CausalConv(Operator):
    """Short causal convolution before linear attention or Mamba2."""

    kind: Literal["gdn", "kda", "mamba2"]
    batch: Number
    new_tokens: Number
    channels: Number
    phase: Literal["prefill", "decode"] = "decode"


@dataclass(frozen=True, slots=True, kw_only=True)
class StateSpaceScan(Operator):
    """Mamba2 scan: a state of `heads` x head_dim x state per sequence, `groups` of B and C."""

    batch: Number
    new_tokens: Number
    heads: Number
    head_dim: float
    groups: Number
    state: float
    phase: Literal["prefill", "decode"] = "decode"


@dataclass(frozen=True, slots=True, kw_only=True)
class HyperConnection(Operator):
    """DeepSeek-V4 hyper-connections (mHC): mixing of `streams` residual streams at two sites of a layer."""

    tokens: Number
    hidden: Number
    streams: float
    site: Literal["pre", "post"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Moe(Operator):
    """The two grouped GEMMs of the experts of one chip, with permutation, activation and combination.

    `pairs` (token, expert) pairs reach the chip; `active_experts` of its `local_experts` get at least one.
    """

    tokens: Number
    pairs: Number
    active_experts: Number
    local_experts: Number
    hidden: float
    intermediate: Number
    gated: bool = True
    format: WeightFormat = "bf16"
    phase: Literal["prefill", "decode"] = "decode"
    all_to_all: Number = False
    """True where the tokens came by all-to-all: the kernels of the masked and contiguous expert-parallel path."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Elementwise(Operator):
    """Norms, activations, rotary embeddings, residuals: `launches` small kernels that move `traffic_bytes` in all."""

    traffic_bytes: Number
    launches: Number = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Collective(Operator):
    """A collective of `ranks` chips on a message of `message_bytes` (all_gather, reduce_scatter: the whole result)."""

    kind: Literal["all_reduce", "all_gather", "reduce_scatter", "all_to_all"]
    message_bytes: Number
    ranks: Number


@dataclass(frozen=True, slots=True, kw_only=True)
class ExpertAllToAll(Operator):
    """Dispatch of tokens to the ranks of their experts, or combination of the results; `tokens` per rank."""

    phase: Literal["dispatch", "combine"]
    mode: Literal["low_latency", "normal"]
    tokens: Number
    hidden: float
    top_k: float
    ranks: Number
    format: WeightFormat = "bf16"


@dataclass(frozen=True, slots=True, kw_only=True)
class PointToPoint(Operator):
    """A message from one pipeline stage to the next; `stride` chips lie between sender and receiver."""

    message_bytes: Number
    stride: Number
