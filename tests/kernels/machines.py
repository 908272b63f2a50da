"""Chips with the inputs that the fit saw, and strategies for operators: shared by the tests of this room."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from assay.kernels.silicon import Silicon
from assay.kernels.software import Software
from assay.llm import operator as op
from assay.llm.precision import WEIGHT_BYTES

T, G, M = 1e12, 1e9, 1e6


def fitted(
    id: str,
    generation: str,
    tensor_issue: str,
    cores: float,
    clock_ghz: float,
    peaks: dict[str, float],
    bandwidth: float,
    l2_mb: float,
    tdp_w: float,
    link: float,
    exp_per_clock: float = 16.0,
) -> Silicon:
    return Silicon(
        id=id,
        vendor="Intel" if generation == "xe2" else "Nvidia",
        generation=generation,
        tensor_issue=tensor_issue,
        cores=cores,
        clock_hz=clock_ghz * G,
        peaks={format: peak * T for format, peak in peaks.items()},
        memory_bytes=80.0 * 2**30,
        bandwidth_bytes_per_s=bandwidth * T,
        l2_bytes=l2_mb * M,
        tdp_w=tdp_w,
        exp_per_s=exp_per_clock * clock_ghz * G * cores,
        link_bytes_per_s=link * G,
        pair_bytes_per_s=link * G,
        hosted=link <= 64,
        nic_bytes_per_s=50.0 * G,
        chips_per_domain=8.0,
        cores_known=True,
        assumed=(),
    )


HOPPER = {"bf16": 989.0, "fp8": 1978.0, "int8": 1978.0}
A100 = fitted("a100-sxm-80gb", "ampere", "mma_sync", 108, 1.41, {"bf16": 312.0, "int8": 624.0}, 2.039, 40, 400, 300)
L40S = fitted("l40s", "ada", "mma_sync", 142, 2.49, {"bf16": 362.0, "fp8": 733.0, "int8": 733.0}, 0.864, 96, 350, 32)
H100 = fitted("h100-sxm", "hopper", "wgmma", 132, 1.83, HOPPER, 3.35, 50, 700, 450)
H200 = fitted("h200-sxm", "hopper", "wgmma", 132, 1.83, HOPPER, 4.8, 50, 700, 450)
H20 = fitted("h20-96gb", "hopper", "wgmma", 78, 1.83, {"bf16": 148.0, "fp8": 296.0, "int8": 296.0}, 4.0, 60, 500, 450)
B200 = fitted(
    "b200-sxm",
    "blackwell",
    "wgmma",
    148,
    1.85,
    {"bf16": 2250.0, "fp8": 4500.0, "fp4": 9000.0, "int8": 4500.0},
    7.7,
    126,
    1000,
    900,
)
RTX = fitted(
    "rtx-pro-6000-bw-server",
    "gb20x",
    "mma_sync",
    188,
    2.43,
    {"bf16": 467.8, "fp8": 935.6, "fp4": 1871.0, "int8": 935.6},
    1.792,
    128,
    600,
    64,
)
B60 = fitted("arc-pro-b60", "xe2", "mma_sync", 20, 2.4, {"bf16": 98.3, "int8": 197.0}, 0.456, 18, 200, 28.4, 64.0)
UNSEEN = fitted("unseen", "unseen", "other", 64, 1.5, {"bf16": 500.0, "fp8": 1000.0}, 2.0, 64, 500, 300)
CHIPS = (A100, L40S, H100, H200, H20, B200, RTX, B60, UNSEEN)

SGLANG = Software(
    framework="sglang",
    attention="fa3",
    mla_prefill="trtllm_bf",
    mla_decode="flash_attention",
    moe={"bf16": "triton", "fp8_block": "triton"},
    all_to_all="sglang",
)
TRTLLM = Software(
    framework="trtllm",
    attention="trtgen",
    mla_prefill="trtllm_mla_bf",
    mla_decode="trtllm",
    moe={"bf16": "cutlass", "fp8_block": "deepgemm", "nvfp4": "min_latency"},
    all_to_all="trtllm_deepep",
)
SOFTWARE = (Software(), SGLANG, TRTLLM)

formats = st.sampled_from(sorted(WEIGHT_BYTES))
kv_formats = st.sampled_from(("bf16", "fp8"))
phases = st.sampled_from(("prefill", "decode"))
tokens = st.integers(1, 32768).map(float)
batches = st.integers(1, 1024).map(float)
lengths = st.integers(1, 131072).map(float)
heads = st.sampled_from((1.0, 2.0, 8.0, 16.0, 32.0, 64.0, 128.0))
widths = st.sampled_from((64.0, 256.0, 1536.0, 4096.0, 7168.0, 24576.0))
ranks = st.sampled_from((1.0, 2.0, 4.0, 8.0, 16.0, 64.0))


def _of(operator: type[op.Operator], /, **fields: Any) -> st.SearchStrategy[Any]:
    return st.builds(operator, role=st.just("test"), **fields)


STRATEGIES: dict[type[op.Operator], st.SearchStrategy[Any]] = {
    op.Gemm: _of(op.Gemm, m=tokens, n=widths, k=widths, format=formats, static_scales=st.booleans()),
    op.PrefillAttention: _of(
        op.PrefillAttention,
        batch=batches,
        new_tokens=st.integers(1, 16384).map(float),
        cached_tokens=st.integers(0, 65536).map(float),
        heads=heads,
        kv_heads=st.sampled_from((1.0, 2.0, 8.0)),
        head_dim=st.sampled_from((64.0, 128.0, 256.0)),
        window=st.sampled_from((None, 128.0, 1024.0)),
        compute=kv_formats,
        kv=kv_formats,
    ),
    op.DecodeAttention: _of(
        op.DecodeAttention,
        batch=batches,
        kv_tokens=lengths,
        queries=st.integers(1, 8).map(float),
        heads=heads,
        kv_heads=st.sampled_from((1.0, 2.0, 8.0)),
        head_dim=st.sampled_from((64.0, 128.0, 256.0)),
        window=st.sampled_from((None, 128.0, 1024.0)),
        kv=kv_formats,
    ),
    op.LatentPrefillAttention: _of(
        op.LatentPrefillAttention,
        batch=batches,
        new_tokens=st.integers(1, 16384).map(float),
        cached_tokens=st.integers(0, 65536).map(float),
        heads=heads,
        qk_dim=st.just(192.0),
        v_dim=st.just(128.0),
        kv=kv_formats,
    ),
    op.LatentDecodeAttention: _of(
        op.LatentDecodeAttention,
        batch=batches,
        kv_tokens=lengths,
        queries=st.integers(1, 8).map(float),
        heads=heads,
        kv_rank=st.just(512.0),
        rope_dim=st.just(64.0),
        kv=kv_formats,
    ),
    op.LatentBmm: _of(
        op.LatentBmm,
        tokens=tokens,
        heads=heads,
        k=st.just(128.0),
        n=st.just(512.0),
        format=kv_formats,
        first=st.booleans(),
    ),
    op.SparseLatentAttention: _of(
        op.SparseLatentAttention, batch=batches, queries=batches, kv_tokens=lengths, heads=heads, top_k=st.just(2048.0)
    ),
    op.IndexerLogits: _of(
        op.IndexerLogits,
        batch=batches,
        new_tokens=batches,
        kv_tokens=lengths,
        heads=st.sampled_from((32.0, 64.0)),
        head_dim=st.just(128.0),
        paged=st.booleans(),
    ),
    op.TopK: _of(op.TopK, queries=tokens, candidates=lengths, k=st.just(2048.0)),
    op.CompressedAttention: _of(
        op.CompressedAttention,
        batch=batches,
        queries=batches,
        keys=st.integers(1, 4096).map(float),
        heads=heads,
        head_dim=st.just(512.0),
        kv=kv_formats,
    ),
    op.BlockSparseAttention: _of(
        op.BlockSparseAttention,
        batch=batches,
        new_tokens=batches,
        kv_tokens=lengths,
        heads=heads,
        kv_heads=st.sampled_from((1.0, 4.0)),
        head_dim=st.just(128.0),
        block=st.just(128.0),
        blocks=st.just(16.0),
        phase=phases,
        kv=kv_formats,
    ),
    op.LinearAttention: _of(
        op.LinearAttention,
        kind=st.sampled_from(("gdn", "kda", "lightning")),
        batch=batches,
        new_tokens=tokens,
        key_heads=heads,
        value_heads=heads,
        key_dim=st.just(128.0),
        value_dim=st.just(128.0),
        phase=phases,
    ),
    op.CausalConv: _of(
        op.CausalConv,
        kind=st.sampled_from(("gdn", "kda", "mamba2")),
        batch=batches,
        new_tokens=tokens,
        channels=widths,
        phase=phases,
    ),
    op.StateSpaceScan: _of(
        op.StateSpaceScan,
        batch=batches,
        new_tokens=tokens,
        heads=heads,
        head_dim=st.just(64.0),
        groups=st.sampled_from((1.0, 8.0)),
        state=st.just(128.0),
        phase=phases,
    ),
    op.HyperConnection: _of(
        op.HyperConnection, tokens=tokens, hidden=widths, streams=st.just(4.0), site=st.sampled_from(("pre", "post"))
    ),
    op.Moe: _of(
        op.Moe,
        tokens=tokens,
        pairs=st.integers(1, 262144).map(float),
        active_experts=st.integers(1, 256).map(float),
        local_experts=st.just(256.0),
        hidden=widths,
        intermediate=widths,
        gated=st.booleans(),
        format=formats,
        phase=phases,
        all_to_all=st.booleans(),
    ),
    op.Elementwise: _of(op.Elementwise, traffic_bytes=st.floats(1.0, 1e10), launches=st.integers(1, 8).map(float)),
    op.Collective: _of(
        op.Collective,
        kind=st.sampled_from(("all_reduce", "all_gather", "reduce_scatter", "all_to_all")),
        message_bytes=st.floats(256.0, 1e9),
        ranks=ranks,
    ),
    op.ExpertAllToAll: _of(
        op.ExpertAllToAll,
        phase=st.sampled_from(("dispatch", "combine")),
        mode=st.sampled_from(("low_latency", "normal")),
        tokens=tokens,
        hidden=widths,
        top_k=st.just(8.0),
        ranks=ranks,
        format=formats,
    ),
    op.PointToPoint: _of(op.PointToPoint, message_bytes=st.floats(1.0, 1e9), stride=ranks),
}
operators = st.one_of(*STRATEGIES.values())
chips = st.sampled_from(CHIPS)
stacks = st.sampled_from(SOFTWARE)
