"""The software that runs the kernels: which of the measured kernels they are."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from assay.catalogue.engine import Engine
from assay.kernels.silicon import Silicon


@dataclass(frozen=True, slots=True)
class Software:
    """A framework and the kernel classes it picks on a chip. An empty class is unknown: its offsets are 1."""

    framework: str = ""
    """Whose framework offsets apply: "sglang", "vllm", "trtllm"."""
    attention: str = ""
    """GQA prefill and decode: "fa2", "fa3", "flashinfer", "trtfmha", "trtgen", "xe"."""
    mla_prefill: str = ""
    """MLA prefill, with the suffix of its KV format: "trtllm_bf", "trtllm_mla_bf"."""
    mla_decode: str = ""
    """MLA decode, without suffix: "flash_attention", "trtllm_mla", "trtllm"."""
    moe: Mapping[str, str] = field(default_factory=dict, hash=False)
    """Grouped GEMM class by weight format: "triton", "cutlass", "deepgemm", "trtgen", "marlin"."""
    all_to_all: str = ""
    """Expert all-to-all: "sglang" (DeepEP), "deepep" (DeepEP under vLLM), "trtllm_deepep"."""
    quantisation_fused: bool = False
    """The kernel before a GEMM writes quantised activations: no pass of their own."""


def software(engine: Engine, silicon: Silicon) -> Software:
    """Return what an engine of the catalogue runs on a chip."""
    classes = engine.classes(silicon.generation)
    return Software(
        framework=engine.kernels_like,
        attention=classes.attention,
        mla_prefill=classes.mla_prefill,
        mla_decode=classes.mla_decode,
        moe=classes.moe,
        all_to_all=classes.all_to_all,
    )
