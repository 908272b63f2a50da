"""MLA attention."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from typing import Final

import numpy as np

from assay.kernels import latent, prefill
from assay.kernels.coefficients import Theta
from assay.kernels.fit.families.attention import DECODE_PRIORS, PREFILL_PRIORS
from assay.kernels.fit.families.family import US, FamilyFit, priors, silicon_of
from assay.kernels.fit.rows import Column, Rows
from assay.kernels.fit.tables import Table, read
from assay.kernels.silicon import Silicon
from assay.llm.precision import KV_BYTES

_LATENT = ("kv_cache_dtype", "kernel_source", "num_heads", "batch_size")
MLA_PREFILL: Final = Table("mla", "context_mla_perf", (*_LATENT, "isl"))
MLA_DECODE: Final = Table("mla", "generation_mla_perf", (*_LATENT, "step"))
LATENT_DECODE_PRIORS: Final = {
    **DECODE_PRIORS,
    **priors(ex=(0.3, 0.7), eta=(0.8, 0.2), t0=(9 * US, 1.0), ck=(180.0, 0.5)),
}


def latent_rows(table: Table) -> Iterable[Rows]:
    """Yield MLA rows by kernel class and KV format.

    Left out: Triton; FlashAttention over an fp8 cache, which dequantises it first; fp8 of TensorRT-LLM 1.0.0, the
    bf16 path under another name; FlashAttention prefill, 2.8 times slower than its FLOPs (absorbed) for want of a form.
    """
    for rows in read(table):
        for source, named in rows.split_by("kernel_source"):
            for cache, some in named.split_by("kv_cache_dtype"):
                narrow = cache == "fp8"
                if source == "triton" or (source == "flash_attention" and (narrow or table is MLA_PREFILL)):
                    continue
                if narrow and rows.version == "1.0.0":
                    continue
                name = "trtllm" if source == "default" else source
                if table is MLA_DECODE:
                    name = latent.kernel_class(name, silicon_of(rows.chip))
                yield some.of(name + latent.SUFFIX["fp8" if narrow else "bf16"])


def mla_prefill_predict(rows: Rows, theta: Theta, chip_: Silicon) -> Column:
    """Seconds of MLA prefill rows: widths 192 and 128, bf16."""
    s = rows.shapes
    heads = prefill.Heads(s["num_heads"], s["num_heads"], 160.0)
    kv_bytes = np.where(s["kv_cache_dtype"] == "fp8", KV_BYTES["fp8"], KV_BYTES["bf16"])
    span = prefill.Span(s["isl"])
    format_ = latent.prefill_format(rows.kernel)
    peak, operand_bytes = chip_.peak(format_), KV_BYTES[format_]
    cost = prefill.time(
        s["batch_size"], span, heads, kv_bytes, peak, theta, chip_, operand_bytes=operand_bytes, warm=True
    )
    return np.asarray(cost.seconds)


def mla_decode_predict(rows: Rows, theta: Theta, chip_: Silicon) -> Column:
    """Seconds of MLA decode rows, one KV format to a group."""
    s = rows.shapes
    format_ = "fp8" if rows.kernel.endswith("_fp") else "bf16"
    return np.asarray(
        latent.time(
            s["batch_size"],
            s["step"] + 1,
            s["num_heads"],
            512.0,
            64.0,
            KV_BYTES[format_],
            chip_.peak(format_),
            theta,
            chip_,
            split=not rows.kernel.startswith(latent.UNSPLIT),
            warm=True,
        ).seconds
    )


FAMILIES: Final = (
    FamilyFit(
        "mla_prefill",
        "latent",
        "MLA prefill",
        partial(latent_rows, MLA_PREFILL),
        mla_prefill_predict,
        PREFILL_PRIORS,
        ("ex", "eta", "t0"),
        ("ex", "t0", "tp", "cw"),
    ),
    FamilyFit(
        "mla_decode",
        "latent",
        "MLA decode, absorbed",
        partial(latent_rows, MLA_DECODE),
        mla_decode_predict,
        LATENT_DECODE_PRIORS,
        ("ex", "eta", "t0"),
        ("ex", "t0", "phi", "tp", "ts"),
    ),
)
