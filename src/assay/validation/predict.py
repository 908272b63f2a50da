"""Predictions of measured deployments, grouped so that each configuration is one array call."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import cache
from typing import Final

import numpy as np

from assay.catalogue.chip import chip
from assay.catalogue.engine import engine
from assay.catalogue.node import node_of
from assay.engine.deployment import Deployment
from assay.engine.memory import memory_use
from assay.kernels.silicon import Silicon, silicon
from assay.kernels.software import software
from assay.llm.architecture import Architecture
from assay.llm.layout import Layout
from assay.llm.model import Model
from assay.llm.precision import KvFormat, Precision, WeightFormat
from assay.serving.closed_loop import Harness, Workload, steady_state
from assay.validation.measured import Measured

LENGTH_FACTOR: Final = {"infx": 0.9, "gap": 1.0}
"""InferenceX draws lengths uniformly between 0.8 and 1 times the nominal; the gap runs fix them."""
BURST: Final = {"infx": {"": 0.1}, "gap": {"sglang": 0.85, "": 0.15}}
WAVES: Final = {"sglang": 0.7, "trtllm": 0.08, "vllm": 0.09}
STREAM_STEPS: Final = {"sglang": (10.0, 30.0), "trtllm": (10.0, 10.0), "vllm": (4.0, 4.0)}
"""Below 16 concurrent requests, and from 16 on: launch flags of InferenceX."""


@dataclass(frozen=True, slots=True)
class Predicted:
    """A measured row beside its prediction."""

    row: Measured
    tpot_s: float
    ttft_s: float
    capacity: float
    """Concurrency that the KV cache holds."""


def predict(rows: Iterable[Measured]) -> list[Predicted]:
    """Return the prediction of every row, in the order of the rows."""
    groups: dict[object, list[Measured]] = defaultdict(list)
    for row in rows:
        lengths = (row.input_tokens, row.output_tokens)
        key = (row.chip, row.model, row.framework, row.precision, row.static_scales, row.harness, lengths)
        groups[(*key, row.tp, row.dp, row.ep, row.concurrency < 16)].append(row)
    found: dict[int, Predicted] = {}
    for group in groups.values():
        for row, prediction in zip(group, _predict(group), strict=True):
            found[id(row)] = prediction
    return [found[id(row)] for row in rows]


def deployment_of(row: Measured) -> Deployment:
    """Return the deployment that a row describes."""
    hardware = _silicon(row.chip)
    framework = engine(row.framework)
    architecture = _architecture(row.model)
    layout = Layout(tp=row.tp, dp=row.dp, ep=row.ep, pp=row.pp)
    return Deployment(
        architecture, hardware, software(framework, hardware), framework, layout, precision_of(row, architecture)
    )


def precision_of(row: Measured, architecture: Architecture) -> Precision:
    """Return the formats that a row's label means.

    fp8 checkpoints of MoE models are block-scaled; fp4 ones of MLA models keep everything but the experts in 16 bits;
    mxfp4 experts take 8-bit activations on Blackwell.
    """
    native = architecture.native
    blackwell = _silicon(row.chip).generation == "blackwell"
    kv: KvFormat = "bf16"
    narrow = row.precision in {"fp8", "fp4"}
    if narrow and row.harness == "infx" and (row.framework == "trtllm" or blackwell):
        kv = "fp8"
    if "gpt-oss" in row.model:
        experts: WeightFormat = "w4a8_mxfp4_mxfp8" if blackwell else "w4a16_mxfp4"
        return replace(native, experts=experts, kv=kv)
    if row.precision == "bf16":
        return Precision(kv=kv)
    if row.precision == "int4":
        return replace(native, experts="int4_wo", kv=kv)
    if row.precision == "fp4":
        latent = "DeepSeek" in row.model or "Kimi" in row.model or "GLM-5" in row.model
        outside: WeightFormat = "bf16" if latent else "nvfp4"
        return Precision(attention=outside, dense=outside, experts="nvfp4", shared=outside, kv=kv)
    moe = any(hasattr(block.ffn, "experts") for block in architecture.blocks)
    weights: WeightFormat = "fp8_block" if moe else "fp8"
    return Precision(
        attention=weights, dense=weights, experts=weights, shared=weights, kv=kv, static_scales=row.static_scales
    )


def _predict(group: list[Measured]) -> list[Predicted]:
    first = group[0]
    deployment = deployment_of(first)
    factor = LENGTH_FACTOR[first.harness]
    workload = Workload(first.input_tokens * factor, first.output_tokens * factor)
    asked = np.array([row.concurrency for row in group])
    memory = memory_use(deployment, workload.input_tokens, workload.output_tokens)
    capacity = np.maximum(np.asarray(memory.sequences) * first.dp, 1.0)
    state = steady_state(deployment, workload, np.minimum(asked, capacity), _harness(first))
    tpot_s, ttft_s = (np.broadcast_to(times, asked.shape) for times in (state.tpot_s, state.ttft_s))
    room = np.broadcast_to(capacity, asked.shape)
    return [
        Predicted(row, float(tpot), float(ttft), float(most))
        for row, tpot, ttft, most in zip(group, tpot_s, ttft_s, room, strict=True)
    ]


def _harness(row: Measured) -> Harness:
    bursts = BURST[row.harness]
    burst = bursts.get(row.framework, bursts[""])
    if row.harness == "gap":
        return Harness(burst, WAVES[row.framework], 1.0)
    return Harness(burst, 0.0, STREAM_STEPS[row.framework][row.concurrency >= 16])


@cache
def _silicon(name: str) -> Silicon:
    return silicon(chip(name), node_of(chip(name).id))


@cache
def _architecture(name: str) -> Architecture:
    return Model.load(name).architecture
