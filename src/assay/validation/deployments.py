"""From a measured row to the deployment that it describes."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from typing import Final

from assay.catalogue.chip import chip
from assay.catalogue.engine import engine
from assay.catalogue.node import node_of
from assay.engine.deployment import Deployment, Speculation
from assay.kernels.coefficients import Coefficients
from assay.kernels.silicon import Silicon, silicon
from assay.kernels.software import software
from assay.llm.architecture import Architecture, LatentAttention
from assay.llm.layout import Layout
from assay.llm.model import Model
from assay.llm.precision import KvFormat, Precision, WeightFormat
from assay.validation.measured import Measured

LENGTH_FACTOR: Final = {"infx": 0.9, "gap": 1.0, "": 1.0}
"""InferenceX draws lengths uniformly between 0.8 and 1 times the nominal; other campaigns fix or state them."""
GATHERED: Final = 8
"""Experts of more ranks than this are reached by all-to-all: what the launch scripts of wide deployments set."""


def configuration(row: Measured) -> tuple[object, ...]:
    """Return all that decides a row's deployment and lengths, concurrency apart."""
    layout = (row.tp, row.dp, row.ep, row.pp)
    formats = (row.precision, row.static_scales, row.kv)
    return (row.chip, row.model, row.framework, row.harness, row.input_tokens, row.output_tokens, *layout, *formats)


def deployment_of(row: Measured, coefficients: Coefficients | None = None) -> Deployment:
    """Return the deployment that a row describes, with kernel coefficients of one's own or those that ship."""
    hardware, framework, architecture = silicon_of(row.chip), engine(row.framework), _architecture(row.model)
    exchanges = row.dp > 1 and row.ep > GATHERED
    return Deployment(
        architecture,
        hardware,
        software(framework, hardware),
        framework,
        Layout(tp=row.tp, dp=row.dp, ep=row.ep, pp=row.pp, all_to_all=exchanges),
        precision_of(row, architecture),
        Speculation(row.draft_tokens, row.accepted_tokens),
        coefficients,
    )


def precision_of(row: Measured, architecture: Architecture) -> Precision:
    """Return the formats that a row's label means.

    fp8 checkpoints of MoE models are block-scaled; fp4 ones of MLA models keep everything but the experts in 16 bits;
    mxfp4 experts take 8-bit activations on Blackwell.
    """
    native = architecture.native
    blackwell = silicon_of(row.chip).generation == "blackwell"
    kv: KvFormat = "bf16"
    narrow = row.precision in {"fp8", "fp4"}
    if narrow and row.harness == "infx" and (row.framework == "trtllm" or blackwell):
        kv = "fp8"
    if native.experts == "w4a16_mxfp4":
        experts: WeightFormat = "w4a8_mxfp4_mxfp8" if blackwell else "w4a16_mxfp4"
        return replace(native, experts=experts, kv=kv)
    if row.precision == "bf16":
        return Precision(kv=kv)
    if row.precision == "int4":
        return replace(native, experts="int4_wo", kv=kv)
    if row.precision == "fp4":
        return nvfp4_checkpoint(architecture).with_kv(kv)
    moe = any(hasattr(block.ffn, "experts") for block in architecture.blocks)
    weights: WeightFormat = "fp8_block" if moe else "fp8"
    return Precision(
        attention=weights, dense=weights, experts=weights, shared=weights, kv=kv, static_scales=row.static_scales
    )


def nvfp4_checkpoint(architecture: Architecture) -> Precision:
    """Return the formats of a model's nvfp4 checkpoint: with MLA only the experts are quantised, else all layers."""
    latent = any(isinstance(block.mixer, LatentAttention) for block in architecture.blocks)
    outside: WeightFormat = "bf16" if latent else "nvfp4"
    return Precision(attention=outside, dense=outside, experts="nvfp4", shared=outside)


@cache
def silicon_of(name: str) -> Silicon:
    """Return a chip of the catalogue in its usual node, as the kernels see it."""
    return silicon(chip(name), node_of(chip(name).id))


@cache
def _architecture(name: str) -> Architecture:
    return Model.load(name).architecture
