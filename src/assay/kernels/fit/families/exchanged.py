"""Experts behind an all-to-all: the grouped GEMMs of one rank of an expert-parallel group."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from typing import Final

import numpy as np

from assay.kernels import moe
from assay.kernels.coefficients import Theta
from assay.kernels.fit.families.experts import MOE_PRIORS
from assay.kernels.fit.families.family import US, FamilyFit, priors
from assay.kernels.fit.rows import Column, Rows
from assay.kernels.fit.tables import Rule, Table, read
from assay.kernels.formats import OPERANDS
from assay.kernels.machine import p_norm
from assay.kernels.silicon import Silicon

_SHAPE = ("moe_dtype", "num_tokens", "hidden_size", "inter_size", "topk", "num_experts", "moe_ep_size", "distribution")
OLD: Final = (Rule("older than the rest; of H200 in part a copy of H100", versions=frozenset({"0.5.6.post2"})),)
PREFILL: Final = Table("moe", "wideep_context_moe_perf", _SHAPE, OLD)
DECODE: Final = Table("moe", "wideep_generation_moe_perf", _SHAPE, OLD)
TRTLLM: Final = Table("moe", "wideep_moe_perf", (*_SHAPE, "num_slots", "rank0_num_tokens"))

EVEN_RANKS: Final = 8
"""Ranks from which evenly spread tokens are used: of fewer the prefill table has times below reading the weights."""
HOST_EXPONENT: Final = 4.0
"""Of the p-norm of the host's time and the chip's: close to the larger."""


def exchanged_rows(table: Table) -> Iterable[Rows]:
    """Yield SGLang's DeepEP experts."""
    for rows in read(table):
        s = rows.shapes
        yield rows.where((s["distribution"] != "uniform") | (s["moe_ep_size"] >= EVEN_RANKS)).of("deepepmoe")


def trtllm_rows() -> Iterable[Rows]:
    """Yield TensorRT-LLM's, a class for each number format."""
    for rows in read(TRTLLM):
        for format_, some in rows.split_by("moe_dtype"):
            yield some.of(f"cutlass_{format_}")


def exchanged_predict(rows: Rows, theta: Theta, chip_: Silicon) -> Column:
    """Seconds of SGLang's rows; `num_tokens` is that of all ranks, and the rank that was timed the fullest.

    Under a power law of exponent a it holds ranks^(hot a) times the mean, at most all choices that its experts allow.
    """
    s = rows.shapes
    ranks, top_k = s["moe_ep_size"].astype(float), s["topk"].astype(float)
    exponents = np.array([0.0 if name == "uniform" else float(name.split("_")[-1]) for name in s["distribution"]])
    mean = s["num_tokens"] * top_k / ranks
    most = s["num_tokens"] * np.minimum(top_k, s["num_experts"] / ranks)
    pairs = np.minimum(mean * np.power(ranks, theta.hot * exponents), most)
    return _seconds(rows, pairs, s["num_experts"], "fp8_block", theta, chip_)


def eager_predict(rows: Rows, theta: Theta, chip_: Silicon) -> Column:
    """Seconds of the same, launched one by one: |host, chip|_4."""
    return np.asarray(p_norm(HOST_EXPONENT, theta.host, exchanged_predict(rows, theta, chip_)))


def trtllm_predict(rows: Rows, theta: Theta, chip_: Silicon) -> Column:
    """Seconds of TensorRT-LLM's rows, which state the tokens that reach rank 0.

    A token reaches it with 1 - (1 - q)^k, so q, the share of its k choices that lie there, follows; at least 1 / ranks.
    """
    s = rows.shapes
    top_k = s["topk"].astype(float)
    reached = s["rank0_num_tokens"] / s["num_tokens"]
    share = np.where(reached < 1.0, 1.0 - np.power(np.maximum(1.0 - reached, 0.0), 1.0 / top_k), 0.0)
    pairs = s["num_tokens"] * top_k * np.maximum(share, 1.0 / s["moe_ep_size"])
    return _seconds(rows, pairs, s["num_slots"], rows.kernel.removeprefix("cutlass_"), theta, chip_)


def _seconds(rows: Rows, pairs: Column, experts: Column, format_: str, theta: Theta, chip_: Silicon) -> Column:
    s = rows.shapes
    local, top_k = experts / s["moe_ep_size"], s["topk"]
    skewed = s["distribution"] != "uniform"
    active = np.where(
        skewed,
        moe.active_experts(pairs, local, top_k, theta, skewed=True),
        moe.active_experts(pairs, local, top_k, theta, skewed=False),
    )
    tokens, width, operands = s["num_tokens"], s["inter_size"], OPERANDS[format_]
    cost = moe.time(tokens, pairs, active, s["hidden_size"], width, operands, theta, chip_, skewed=skewed)
    return np.asarray(cost.seconds)


BY_GENERATION: Final = ("ci", "eta", "t0")
FAMILIES: Final = (
    FamilyFit(
        "moe_ep_prefill",
        "moe",
        "experts behind an all-to-all, prefill",
        partial(exchanged_rows, PREFILL),
        eager_predict,
        {**MOE_PRIORS, **priors(hot=(0.25, 0.5), host=(300 * US, 0.7))},
        BY_GENERATION,
        (),
        most=300,
    ),
    FamilyFit(
        "moe_ep_decode",
        "moe",
        "experts behind an all-to-all, decode",
        partial(exchanged_rows, DECODE),
        exchanged_predict,
        {**MOE_PRIORS, **priors(hot=(0.25, 0.5))},
        BY_GENERATION,
        (),
        most=300,
    ),
    FamilyFit(
        "moe_ep_trtllm",
        "moe",
        "experts behind an all-to-all, TensorRT-LLM",
        trtllm_rows,
        trtllm_predict,
        MOE_PRIORS,
        BY_GENERATION,
        ("ci", "eta", "t0", "tp", "ct", "cio"),
        software_axis="kernel class and format",
        most=300,
    ),
)
