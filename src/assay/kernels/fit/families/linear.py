"""Linear attention and its convolutions: kernels of the one law."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from typing import Final, Literal

import numpy as np

from assay.kernels import linear
from assay.kernels.coefficients import Theta
from assay.kernels.fit.families.family import FamilyFit
from assay.kernels.fit.families.sparse import BY_GENERATION, BY_SOFTWARE, PRIORS, seconds
from assay.kernels.fit.rows import Column, Rows
from assay.kernels.fit.tables import Rule, Table, read
from assay.kernels.silicon import Silicon
from assay.llm.operator import CausalConv, LinearAttention

Kind = Literal["gdn", "kda", "mamba2"]

_STEP = ("phase", "kernel_source", "batch_size", "seq_len")
_HEADS = ("num_k_heads", "head_k_dim", "num_v_heads", "head_v_dim")
TABLES: Final[dict[Kind, Table]] = {
    "gdn": Table(
        "linear_attention",
        "gdn_perf",
        (*_STEP, *_HEADS),
        (Rule("an older release, on A100 alone", chip="a100-sxm-80gb"),),
    ),
    "kda": Table(
        "kda",
        "kda_perf",
        (*_STEP, *_HEADS),
        (Rule("on one chip only", framework="vllm", versions=frozenset({"0.27.0"})),),
    ),
    "mamba2": Table("linear_attention", "mamba2_perf", (*_STEP, "nheads", "head_dim", "n_groups", "d_state")),
}
PHASES: Final[dict[str, Literal["prefill", "decode"]]] = {"context": "prefill", "generation": "decode"}
"""Without "verify", drafts checked under speculation, which no prediction asks for."""
SINGULAR: Final = frozenset(
    {
        ("vllm", "chunk_kda_with_fused_gate"),
        ("vllm", "causal_conv1d_fn_qkv3"),
    }
)
"""Kernels left out: one seen on one chip, and one that is timed through a copy of 580 us."""


def linear_rows(kind: Kind) -> Iterable[Rows]:
    """Yield recurrences and convolutions by framework and kernel; those of Mamba2 are TensorRT-LLM's alone."""
    for rows in read(TABLES[kind]):
        for source, some in rows.split_by("kernel_source"):
            chosen = some.where(np.isin(some.shapes["phase"], list(PHASES)))
            if len(chosen) and (rows.framework, source) not in SINGULAR:
                yield chosen.of(source if kind == "mamba2" else f"{rows.framework}:{source}")


def linear_predict(kind: Kind, rows: Rows, theta: Theta, chip_: Silicon) -> Column:
    """Seconds of linear attention rows, one phase to a kernel."""
    s = rows.shapes
    phase = PHASES[s["phase"][0]]
    if "conv1d" in rows.kernel:
        convolution = CausalConv(
            role="",
            kind=kind,
            batch=s["batch_size"],
            new_tokens=s["seq_len"],
            channels=_channels(kind, rows),
            phase=phase,
        )
        serial = linear.per_sequence(convolution, rows.framework)
        return seconds(linear.conv_work(convolution, per_sequence=serial), theta, chip_)
    operator = LinearAttention(
        role="",
        kind="kda" if kind == "kda" else "gdn",
        batch=s["batch_size"],
        new_tokens=s["seq_len"],
        key_heads=s["num_k_heads"],
        value_heads=s["num_v_heads"],
        key_dim=128.0,
        value_dim=128.0,
        phase=phase,
    )
    return seconds(linear.work(operator), theta, chip_)


def _channels(kind: Kind, rows: Rows) -> Column:
    s = rows.shapes
    if kind == "mamba2":
        wide: Column = s["nheads"] * s["head_dim"] + 2.0 * s["n_groups"] * s["d_state"]
        return wide
    channels: Column = 2.0 * s["num_k_heads"] * s["head_k_dim"] + s["num_v_heads"] * s["head_v_dim"]
    return channels


def _linear(kind: Kind, name: str, what: str) -> FamilyFit:
    return FamilyFit(
        name,
        "linear",
        what,
        partial(linear_rows, kind),
        partial(linear_predict, kind),
        PRIORS,
        BY_GENERATION,
        BY_SOFTWARE,
        software_axis="kernel" if kind == "mamba2" else "framework:kernel",
    )


FAMILIES: Final = (
    _linear("gdn", "gdn", "gated delta net and its convolution"),
    _linear("kda", "kda", "KDA and its convolution"),
    _linear("mamba2", "mamba2_conv", "Mamba2 convolutions, no scan"),
)
