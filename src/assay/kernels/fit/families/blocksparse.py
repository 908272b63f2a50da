"""Block-sparse attention (MSA), which the tables time as a module: its projections are in, and host time in some."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from typing import Final, Literal

import numpy as np

from assay.core.array import Number
from assay.kernels import blocksparse
from assay.kernels.coefficients import Theta
from assay.kernels.fit.families.family import TABLE_NAMES, US, FamilyFit, priors
from assay.kernels.fit.rows import Column, Rows
from assay.kernels.fit.tables import Table, read
from assay.kernels.formats import OPERANDS
from assay.kernels.machine import p_norm
from assay.kernels.silicon import Silicon
from assay.llm.operator import BlockSparseAttention

Phase = Literal["prefill", "decode"]

_SHAPE = ("kernel_source", "kv_cache_dtype", "gemm_type", "num_heads", "batch_size", "isl", "step")
TABLES: Final[dict[Phase, Table]] = {
    "prefill": Table("msa", "msa_context_module_perf", _SHAPE),
    "decode": Table("msa", "msa_generation_module_perf", _SHAPE),
}
HIDDEN: Final = 6144.0
HEAD_DIM: Final = 128.0
GROUP: Final = 16.0
"""Query heads per KV head of MiniMax-M3."""
HOST_EXPONENT: Final = 4.0
"""Of the p-norm of the host's time and the chip's: close to the larger."""
FALLBACKS: Final[dict[Phase, frozenset[str]]] = {
    "prefill": frozenset({"default", "msa_fmha_sm100"}),
    "decode": frozenset({"default", "sglang_minimax_decode_triton_sparse_topk_radix"}),
}
"""Left out: TensorRT-LLM without a kernel of its own (18 s at 32k tokens), and with it in prefill (4 ms at one token,
seconds at many, which no count explains); a launch by launch variant of SGLang's."""
PRIORS: Final = priors(
    s=(1.5, 0.5), tf=(40 * US, 1.0), ea=(0.3, 0.7), ei=(0.3, 0.7), eta=(0.7, 0.3), host=(40 * US, 1.5)
)


def module_rows(phase: Phase) -> Iterable[Rows]:
    """Yield modules by kernel and format of the projections."""
    for rows in read(TABLES[phase]):
        for source, some in rows.split_by("kernel_source"):
            if source not in FALLBACKS[phase]:
                yield some.of(source.replace("sglang_minimax_", "sgl_"))


def module_predict(phase: Phase, rows: Rows, theta: Theta, chip_: Silicon) -> Column:
    """Seconds of modules: |host, s projections + attention|_4, the projections at the speed of light."""
    s = rows.shapes
    heads = s["num_heads"].astype(float)
    kv_heads = np.maximum(heads / GROUP, 1.0)
    found = np.zeros(np.broadcast_shapes(np.shape(theta.tf), (1, len(rows))))
    for cache in sorted(set(s["kv_cache_dtype"].tolist())):
        mine = s["kv_cache_dtype"] == cache
        operator = BlockSparseAttention(
            role="",
            batch=s["batch_size"][mine],
            new_tokens=s["isl"][mine],
            kv_tokens=(s["step"] + (1.0 if phase == "decode" else (s["isl"] + 1.0) / 2.0))[mine],
            heads=heads[mine],
            kv_heads=kv_heads[mine],
            head_dim=HEAD_DIM,
            block=128.0,
            blocks=16.0,
            phase=phase,
            kv="bf16" if cache == TABLE_NAMES["bf16"] else "fp8",
        )
        found[:, mine] = blocksparse.time(operator, theta, chip_).seconds
    total = p_norm(HOST_EXPONENT, theta.host, theta.s * _projections(rows, heads, kv_heads, chip_) + found)
    return np.asarray(total if np.ndim(theta.tf) else np.reshape(total, -1))


def _projections(rows: Rows, heads: Column, kv_heads: Column, chip_: Silicon) -> Column:
    """Seconds that the GEMMs before and after attention take at least."""
    tokens = rows.shapes["batch_size"] * rows.shapes["isl"]
    seconds = np.zeros(len(rows))
    for kind in sorted(set(rows.shapes["gemm_type"].tolist())):
        operands = OPERANDS["bf16" if kind == TABLE_NAMES["bf16"] else kind]
        for n, k in ((HEAD_DIM * (heads + 4.0 * kv_heads), HIDDEN), (HIDDEN, HEAD_DIM * heads)):
            flop_s = 2.0 * tokens * n * k / chip_.peak(operands.tensor)
            read = 2.0 + (3.0 if operands.quantises else 0.0)  # of an activation: once more to quantise it
            moved: Number = operands.weight_bytes * n * k + tokens * (read * k + 2.0 * n)
            seconds += np.where(
                rows.shapes["gemm_type"] == kind, np.maximum(flop_s, moved / chip_.bandwidth_bytes_per_s), 0.0
            )
    return seconds


FAMILIES: Final = tuple(
    FamilyFit(
        f"msa_{phase}",
        "sparse",
        f"MSA, {phase}",
        partial(module_rows, phase),
        partial(module_predict, phase),
        PRIORS,
        ("tf", "ea", "ei"),
        ("s", "tf", "ea", "ei", "eta", "host"),
        software_axis="kernel",
    )
    for phase in ("prefill", "decode")
)
