"""Deployments that the tests of engine and serving share."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

from assay.catalogue.chip import chip
from assay.catalogue.engine import engine
from assay.catalogue.node import node_of
from assay.engine.deployment import Deployment, Speculation
from assay.engine.precision import served_precision
from assay.kernels.silicon import Silicon, silicon
from assay.kernels.software import software
from assay.llm.architecture import Architecture
from assay.llm.layout import Layout
from assay.llm.model import Model

DENSE = "Qwen/Qwen3-32B"
LATENT = "deepseek-ai/DeepSeek-R1"
EXPERTS = "Qwen/Qwen3-235B-A22B"


@cache
def architecture(model: str) -> Architecture:
    return Model.load(model).architecture


@cache
def hardware(name: str) -> Silicon:
    return silicon(chip(name), node_of(chip(name).id))


def deployment(
    model: str = DENSE,
    on: str = "h100-sxm",
    framework: str = "vllm",
    layout: Layout = Layout(tp=8),
    speculation: Speculation = Speculation(),
    **changed: float,
) -> Deployment:
    """A deployment; keywords change figures of the silicon."""
    part = replace(hardware(on), **changed) if changed else hardware(on)
    used = engine(framework)
    precision = served_precision(architecture(model).native, chip(on), used)
    return Deployment(architecture(model), part, software(used, part), used, layout, precision, speculation)
