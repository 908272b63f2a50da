"""Attention over a plain KV cache."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from typing import Final

import numpy as np

from assay.kernels import decode, prefill
from assay.kernels.coefficients import Theta
from assay.kernels.fit import kernel_class
from assay.kernels.fit.families.family import PJ, TABLE_NAMES, US, FamilyFit, priors, silicon_of
from assay.kernels.fit.rows import Column, Rows
from assay.kernels.fit.tables import Rule, Table, read
from assay.kernels.silicon import Silicon
from assay.llm.precision import KV_BYTES

OLD_ATTENTION: Final = (
    Rule(
        "an older release beside a newer one of the same framework",
        framework="vllm",
        versions=frozenset({"0.20.0", "0.22.0"}),
    ),
)
_ATTENTION = ("attn_dtype", "kv_cache_dtype", "kernel_source", "num_heads", "num_key_value_heads", "head_dim")
PREFILL: Final = Table(
    "attention", "context_attention_perf", (*_ATTENTION, "batch_size", "isl", "window_size"), OLD_ATTENTION
)
DECODE: Final = Table(
    "attention", "generation_attention_perf", (*_ATTENTION, "batch_size", "step", "window_size"), OLD_ATTENTION
)
WIDEST_GROUP: Final = 32
PREFILL_PRIORS: Final = priors(
    e=(0.93, 0.03),
    ex=(0.6, 0.5),
    eta=(0.7, 0.3),
    t0=(7 * US, 1.0),
    tp=(1 * US, 1.0),
    cw=(1.0, 0.7),
    p=(1.2, 0.2),
    ef=(0.4 * PJ, 0.5),
    efm=(1.2 * PJ, 0.3),
    gh=(1.1, 0.3),
    kap=(0.5, 0.5),
)
DECODE_PRIORS: Final = priors(
    e=(0.9, 0.05),
    ex=(0.5, 0.6),
    eta=(0.85, 0.1),
    t0=(6 * US, 1.0),
    phi=(32.0, 0.7),
    q=(0.5, 0.5),
    tp=(1 * US, 0.8),
    ts=(2 * US, 0.7),
    p=(2.0, 0.4),
    kap=(0.9, 0.3),
)


def attention_rows(table: Table, compute: str, kv: str) -> Iterable[Rows]:
    """Yield attention rows of a compute and KV format by kernel class, heads up to 256 wide, without Triton's.

    Left out: Triton, a fallback with twice the error, which pooled with native kernels bends the form; FA4, too few;
    decode with more than 32 query heads to a KV head under TensorRT-LLM, which falls back to a kernel without tensor
    cores, 10 to 40 times slower.
    """
    for rows in read(table):
        shapes = rows.shapes
        chosen = (shapes["kv_cache_dtype"] == TABLE_NAMES.get(kv, kv)) & (shapes["head_dim"] <= 256)
        if table is PREFILL:
            chosen &= shapes["attn_dtype"] == TABLE_NAMES.get(compute, compute)
        if table is DECODE and rows.framework == "trtllm":
            chosen &= shapes["num_heads"] <= WIDEST_GROUP * shapes["num_key_value_heads"]
        silicon = silicon_of(rows.chip)
        by_class: dict[str, list[str]] = {}
        for source in sorted(set(shapes["kernel_source"][chosen].tolist())):
            by_class.setdefault(kernel_class.attention(source, silicon.generation), []).append(source)
        for name, sources in by_class.items():
            if name not in ("triton", "fa4"):
                kernel = prefill.kernel_class(name, silicon) if table is PREFILL else name
                yield rows.where(chosen & np.isin(shapes["kernel_source"], sources)).of(kernel)


def prefill_predict(format_: str, rows: Rows, theta: Theta, chip_: Silicon) -> Column:
    """Seconds of prefill attention rows."""
    s = rows.shapes
    heads = prefill.Heads(s["num_heads"], s["num_key_value_heads"], s["head_dim"])
    window = np.where(s["window_size"] > 0, s["window_size"], np.inf)
    span = prefill.Span(s["isl"], 0.0, window)
    peak = chip_.peak(format_)
    kv_bytes, packed = KV_BYTES[format_], rows.kernel in prefill.PACKED
    cost = prefill.time(s["batch_size"], span, heads, kv_bytes, peak, theta, chip_, packed=packed, warm=True)
    return np.asarray(cost.seconds)


def decode_predict(format_: str, rows: Rows, theta: Theta, chip_: Silicon) -> Column:
    """Seconds of decode attention rows; a step reads one key more than it found."""
    s = rows.shapes
    window = np.where(s["window_size"] > 0, s["window_size"], np.inf)
    return np.asarray(
        decode.time(
            s["batch_size"],
            np.minimum(s["step"] + 1, window),
            1.0,
            s["num_heads"],
            s["num_key_value_heads"],
            s["head_dim"],
            KV_BYTES[format_],
            chip_.peak(format_),
            theta,
            chip_,
            tile_rows=decode.TILE_ROWS.get((rows.kernel, rows.framework), 0),
            warm=True,
        ).seconds
    )


def _attention(phase: str, format_: str) -> FamilyFit:
    decoding = phase == "decode"
    return FamilyFit(
        f"{phase}_attention_{format_}",
        "attention",
        f"{phase} attention, {format_} {'KV cache' if decoding else ''}".rstrip(),
        partial(attention_rows, DECODE if decoding else PREFILL, format_, format_),
        partial(decode_predict if decoding else prefill_predict, format_),
        DECODE_PRIORS if decoding else PREFILL_PRIORS,
        ("eta", "t0") if decoding else ("ex", "eta", "t0"),
        ("ex", "eta", "t0", "phi", "tp", "ts") if decoding else ("ex", "t0", "tp", "cw"),
    )


FAMILIES: Final = tuple(_attention(phase, format_) for phase in ("prefill", "decode") for format_ in ("bf16", "fp8"))
