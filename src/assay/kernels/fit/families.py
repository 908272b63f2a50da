"""What is fitted: the rows, formula, priors and offsets of each coefficient family."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Final

import numpy as np

from assay.catalogue.chip import chip
from assay.catalogue.node import node_of
from assay.kernels import collective, decode, elementwise, gemm, latent, moe, prefill
from assay.kernels.coefficients import Theta
from assay.kernels.fit import kernel_class
from assay.kernels.fit.rows import Column, Rows
from assay.kernels.fit.solve import Predict, Prior
from assay.kernels.fit.tables import Rule, Table, read
from assay.kernels.formats import OPERANDS
from assay.kernels.silicon import Silicon, silicon
from assay.llm.precision import KV_BYTES

US: Final = 1e-6
PJ: Final = 1e-12


@dataclass(frozen=True, slots=True, eq=False)
class FamilyFit:
    """How one family of coefficients is fitted."""

    name: str
    file: str
    """File of coefficients that it stands in, without suffix."""
    what: str
    rows: Callable[[], Iterable[Rows]]
    predict: Predict
    priors: Mapping[str, Prior]
    by_generation: tuple[str, ...]
    by_software: tuple[str, ...]
    software_axis: str = "kernel class"
    filters: str = ""
    most: int = 130
    """Most rows of a chip and kernel class in the fit."""

    def has(self, name: str) -> bool:
        """Whether a chip, or a generation, has rows of this family."""
        return any(name in (rows.chip, silicon_of(rows.chip).generation) for rows in self.rows())


def silicon_of(chip_id: str) -> Silicon:
    """Return the kernels' view of a chip in its usual node."""
    return silicon(chip(chip_id), node_of(chip_id))


OLD_GEMM: Final = (
    Rule(
        "an older release beside a newer one of the same framework",
        framework="sglang",
        versions=frozenset({"0.5.6.post2"}),
    ),
    Rule("an older release beside a newer one of the same framework", framework="vllm", versions=frozenset({"0.20.0"})),
)
OLD_ATTENTION: Final = (
    Rule(
        "an older release beside a newer one of the same framework",
        framework="vllm",
        versions=frozenset({"0.20.0", "0.22.0"}),
    ),
)
OLD_MOE: Final = (
    Rule(
        "an older release beside a newer one of the same framework",
        versions=frozenset({"0.19.0", "0.20.0", "0.22.0", "0.5.6.post2", "1.3.0rc10"}),
    ),
)
GEMM: Final = Table("gemm", "gemm_perf", ("gemm_dtype", "m", "n", "k"), OLD_GEMM)
_ATTENTION = ("attn_dtype", "kv_cache_dtype", "kernel_source", "num_heads", "num_key_value_heads", "head_dim")
PREFILL: Final = Table(
    "attention", "context_attention_perf", (*_ATTENTION, "batch_size", "isl", "window_size"), OLD_ATTENTION
)
DECODE: Final = Table(
    "attention", "generation_attention_perf", (*_ATTENTION, "batch_size", "step", "window_size"), OLD_ATTENTION
)
_LATENT = ("kv_cache_dtype", "kernel_source", "num_heads", "batch_size")
MLA_PREFILL: Final = Table("mla", "context_mla_perf", (*_LATENT, "isl"))
MLA_DECODE: Final = Table("mla", "generation_mla_perf", (*_LATENT, "step"))
MOE: Final = Table(
    "moe",
    "moe_perf",
    (
        "moe_dtype",
        "kernel_source",
        "num_tokens",
        "hidden_size",
        "inter_size",
        "topk",
        "num_experts",
        "moe_tp_size",
        "moe_ep_size",
        "distribution",
    ),
    OLD_MOE,
)
NCCL: Final = Table("comm", "nccl_perf", ("op_name", "nccl_dtype", "num_gpus", "message_size"), newest=True)
CUSTOM: Final = Table("comm", "custom_allreduce_perf", ("kernel_source", "num_gpus", "message_size"), newest=True)
QUANTISE: Final = Table("quantize", "scale_matrix_perf", ("m", "k"))

WIDEST_GROUP: Final = 32
TRAY: Final = {"gb200": 4, "gb300": 4}
"""GPUs of one board where that is fewer than 8; between boards all-reduce takes another path."""

TABLE_NAMES: Final = {"bf16": "bfloat16"}
"""Formats by their name in the tables, where it is another."""


def gemm_rows(format_: str) -> Iterable[Rows]:
    """Yield the GEMMs of a format.

    Left out: n = 1 (another kernel); fp8 in blocks under vLLM, timed launch by launch: 57 to 290 us whatever the shape.
    """
    for rows in read(GEMM):
        if format_ == "fp8_block" and rows.framework == "vllm":
            continue
        chosen = rows.where((rows.shapes["gemm_dtype"] == TABLE_NAMES.get(format_, format_)) & (rows.shapes["n"] > 1))
        if len(chosen):
            yield chosen.of(gemm.kernel_class(format_, rows.framework, silicon_of(rows.chip)))


def gemm_predict(format_: str, rows: Rows, theta: Theta, chip_: Silicon) -> Column:
    """Seconds of GEMM rows."""
    m, n, k = (rows.shapes[name] for name in "mnk")
    return np.asarray(gemm.time(m, n, k, OPERANDS[format_], theta, chip_, warm=True).seconds)


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
        generation = silicon_of(rows.chip).generation
        by_class: dict[str, list[str]] = {}
        for source in sorted(set(shapes["kernel_source"][chosen].tolist())):
            by_class.setdefault(kernel_class.attention(source, generation), []).append(source)
        for name, sources in by_class.items():
            if name not in ("triton", "fa4"):
                yield rows.where(chosen & np.isin(shapes["kernel_source"], sources)).of(name)


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
    peak = chip_.peak("bf16")
    return np.asarray(prefill.time(s["batch_size"], span, heads, kv_bytes, peak, theta, chip_, warm=True).seconds)


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


def moe_rows(format_: str) -> Iterable[Rows]:
    """Yield grouped GEMMs of a format by kernel class.

    Only without expert parallelism: with it, backends disagree whether the token count is that of a rank or of all.
    """
    for rows in read(MOE):
        shapes = rows.shapes
        chosen = (shapes["moe_dtype"] == TABLE_NAMES.get(format_, format_)) & (shapes["moe_ep_size"] == 1)
        by_class: dict[str, list[str]] = {}
        for source in sorted(set(shapes["kernel_source"][chosen].tolist())):
            by_class.setdefault(kernel_class.moe(source), []).append(source)
        for name, sources in by_class.items():
            yield rows.where(chosen & np.isin(shapes["kernel_source"], sources)).of(name)


def moe_predict(format_: str, rows: Rows, theta: Theta, chip_: Silicon) -> Column:
    """Seconds of grouped GEMM rows under the router of the benchmark."""
    s = rows.shapes
    pairs = s["num_tokens"] * s["topk"].astype(float)
    skewed = s["distribution"] != "balanced"
    active = np.where(
        skewed,
        moe.active_experts(pairs, s["num_experts"], s["topk"], theta, skewed=True),
        moe.active_experts(pairs, s["num_experts"], s["topk"], theta, skewed=False),
    )
    return np.asarray(
        moe.time(
            s["num_tokens"],
            pairs,
            active,
            s["hidden_size"],
            s["inter_size"] / s["moe_tp_size"],
            OPERANDS[format_],
            theta,
            chip_,
            gated=rows.kernel != "nongated",
            skewed=skewed,
        ).seconds
    )


def nccl_rows() -> Iterable[Rows]:
    """Yield NCCL rows over NVLink. Over PCIe the host's topology decides, which no datasheet states."""
    for rows in read(NCCL):
        if not silicon_of(rows.chip).hosted:
            yield rows.of("nccl")


def nccl_predict(rows: Rows, theta: Theta, chip_: Silicon) -> Column:
    """Seconds of NCCL rows; the tables count elements."""
    s = rows.shapes
    message = s["message_size"] * np.where(s["nccl_dtype"] == "int8", 1.0, 2.0)
    seconds = np.zeros(np.broadcast_shapes(message.shape, np.shape(theta.a0 * message)))
    for kind in sorted(set(s["op_name"].tolist())):
        mine = s["op_name"] == kind
        name = "all_to_all" if kind == "alltoall" else kind
        seconds[..., mine] = collective.nccl_s(name, message[mine], s["num_gpus"][mine], theta, chip_)
    return seconds


def custom_rows() -> Iterable[Rows]:
    """Yield custom all-reduce rows over NVLink, captured in a graph: eager ones hold 12 to 49 us of host time."""
    for rows in read(CUSTOM):
        eager = np.array(["eager" in source for source in rows.shapes["kernel_source"].tolist()])
        if not silicon_of(rows.chip).hosted and not np.all(eager):
            yield rows.where(~eager & (rows.shapes["num_gpus"] <= TRAY.get(rows.chip, 8)))


def custom_predict(rows: Rows, theta: Theta, chip_: Silicon) -> Column:
    """Seconds of custom all-reduce rows; the tables count bf16 elements."""
    s = rows.shapes
    return np.asarray(collective.custom_all_reduce_s(s["message_size"] * 2.0, s["num_gpus"], theta, chip_))


def elementwise_predict(rows: Rows, theta: Theta, chip_: Silicon) -> Column:
    """Seconds of static fp8 quantisation: two bytes read and one written per element."""
    traffic = 3.0 * rows.shapes["m"] * rows.shapes["k"]
    return np.asarray(elementwise.time(traffic, theta, chip_, warm=True).seconds)


def _priors(**values: tuple[float, float]) -> dict[str, Prior]:
    return {symbol: Prior(*value) for symbol, value in values.items()}


GEMM_PRIORS: Final = _priors(
    e=(0.96, 0.03),
    ci=(25e3, 0.7),
    eta=(0.88, 0.15),
    t0=(2.5 * US, 1.0),
    tp=(0.5 * US, 1.0),
    phi=(96.0, 0.7),
    ct=(10.0, 0.8),
    q=(0.4, 0.5),
    ts=(2.5 * US, 0.7),
    p=(3.0, 0.5),
    ef=(0.3 * PJ, 0.4),
    efm=(0.85 * PJ, 0.3),
    eb=(25 * PJ, 0.4),
    cq=(1.0, 0.7),
    kw=(0.13, 1.0),
    ka=(0.7, 0.5),
    tk=(2e-9, 1.0),
    psi=(64.0, 1.0),
    psim=(32.0, 1.0),
)
PREFILL_PRIORS: Final = _priors(
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
DECODE_PRIORS: Final = _priors(
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
LATENT_DECODE_PRIORS: Final = {
    **DECODE_PRIORS,
    **_priors(ex=(0.3, 0.7), eta=(0.8, 0.2), t0=(9 * US, 1.0), ck=(180.0, 0.5)),
}
MOE_PRIORS: Final = _priors(
    e=(0.95, 0.03),
    ci=(15e3, 0.7),
    eta=(0.8, 0.2),
    t0=(20 * US, 1.0),
    tp=(1 * US, 1.0),
    phi=(51.2, 0.7),
    ct=(15.0, 1.0),
    p=(2.0, 0.5),
    kap=(0.8, 0.4),
    eps=(0.5, 1.0),
    cio=(1.0, 0.7),
    ef=(0.4 * PJ, 0.6),
)
NCCL_PRIORS: Final = _priors(
    a0=(6 * US, 0.5),
    an=(0.2, 0.7),
    ra=(1.4, 0.4),
    r2=(1.1, 0.4),
    ell=(0.3, 0.5),
    a2=(8 * US, 0.7),
    eta=(0.8, 0.2),
    e2=(0.95, 0.2),
)
CUSTOM_PRIORS: Final = _priors(
    a0=(4 * US, 0.5), an=(0.05, 0.7), e1=(0.5, 0.4), a2=(8 * US, 0.7), eta=(0.75, 0.2), en=(0.1, 1.0)
)
ELEMENTWISE_PRIORS: Final = _priors(t0=(2 * US, 1.0), eta=(0.8, 0.2), kap=(0.7, 0.5), phi=(19.2, 0.7))
ROOFLINE_PRIORS: Final = _priors(e=(0.7, 0.5), eta=(0.85, 0.3), t0=(4 * US, 1.0), p=(1.5, 0.5), cq=(1.0, 0.7))


def roofline_predict(rows: Rows, theta: Theta, chip_: Silicon) -> Column:
    """Seconds of bf16 GEMM rows by the three-number roofline."""
    m, n, k = (rows.shapes[name] for name in "mnk")
    return np.asarray(gemm.roofline(m, n, k, OPERANDS["bf16"], theta, chip_).seconds)


def _gemm(format_: str, what: str) -> FamilyFit:
    return FamilyFit(
        f"gemm_{format_}",
        "gemm",
        what,
        partial(gemm_rows, format_),
        partial(gemm_predict, format_),
        GEMM_PRIORS,
        ("ci", "eta", "t0"),
        ("ci", "t0") if format_ == "bf16" else ("ci", "t0", "cq"),
        software_axis="kernel class" if format_ == "fp8_block" else "framework",
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


def _moe(format_: str) -> FamilyFit:
    return FamilyFit(
        f"moe_{format_}",
        "moe",
        f"experts, {format_}",
        partial(moe_rows, format_),
        partial(moe_predict, format_),
        MOE_PRIORS,
        ("ci", "eta", "t0"),
        ("ci", "eta", "t0", "tp", "ct", "cio"),
    )


FAMILIES: Final[dict[str, FamilyFit]] = {
    family.name: family
    for family in (
        _gemm("bf16", "GEMM, bf16"),
        FamilyFit(
            "gemm_bf16_roofline",
            "gemm",
            "GEMM, bf16, three-number roofline",
            partial(gemm_rows, "bf16"),
            roofline_predict,
            ROOFLINE_PRIORS,
            ("e", "eta", "t0"),
            ("e", "t0"),
            software_axis="framework",
        ),
        _gemm("fp8", "GEMM, fp8 per tensor"),
        _gemm("fp8_block", "GEMM, fp8 in blocks"),
        _gemm("nvfp4", "GEMM, nvfp4"),
        _attention("prefill", "bf16"),
        _attention("prefill", "fp8"),
        _attention("decode", "bf16"),
        _attention("decode", "fp8"),
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
        *(_moe(format_) for format_ in OPERANDS if format_ in moe.FAMILIES),
        FamilyFit(
            "nccl",
            "communication",
            "NCCL over NVLink",
            nccl_rows,
            nccl_predict,
            NCCL_PRIORS,
            ("a0", "ell", "eta"),
            (),
            most=400,
        ),
        FamilyFit(
            "custom_all_reduce",
            "communication",
            "custom all-reduce over NVLink",
            custom_rows,
            custom_predict,
            CUSTOM_PRIORS,
            ("a0", "eta"),
            ("a0", "e1", "a2"),
            software_axis="framework",
            most=400,
        ),
        FamilyFit(
            "element_wise",
            "elementwise",
            "element-wise: static fp8 quantisation",
            partial(read, QUANTISE),
            elementwise_predict,
            ELEMENTWISE_PRIORS,
            ("t0", "eta"),
            ("t0", "phi"),
            software_axis="framework",
            most=300,
        ),
    )
}
"""By name. Families of data/ that are not here keep their published coefficients."""
