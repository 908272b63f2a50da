"""Which kernel a measured row is: the classes of the software offsets, from the tables' names."""

from __future__ import annotations

from typing import Final

ATTENTION: Final[tuple[tuple[str, str], ...]] = (
    ("triton", "triton"),
    ("fa4", "fa4"),
    ("fa3", "fa3"),
    ("fa2", "fa2"),
    ("trtllm", "trtgen"),
    ("flashinfer", "flashinfer"),
    ("flash_att", "fa2"),
)
"""Part of a name: its class. The first that fits counts."""

MOE: Final[tuple[tuple[str, str], ...]] = (
    ("nongated", "nongated"),
    ("min_latency", "min_latency"),
    ("deepgemm", "deepgemm"),
    ("marlin", "marlin"),
    ("torch_flow_triton", "trtllm_triton"),
    ("triton", "triton"),
    ("vllm_fused_moe", "triton"),
    ("cutlass", "cutlass"),
    ("torch_flow", "cutlass"),
    ("trtllm", "trtgen"),
)
"""The same for grouped GEMMs."""

TENSORRT_LLM: Final = "torch_flow"
"""TensorRT-LLM's own attention: kernels for Blackwell, or the fused ones of before."""


def attention(source: str, generation: str) -> str:
    """Return the class of an attention kernel."""
    if generation == "xe2":
        return "xe"
    if source == TENSORRT_LLM:
        return "trtgen" if generation == "blackwell" else "trtfmha"
    return next((name for part, name in ATTENTION if part in source), "other")


def moe(source: str) -> str:
    """Return the class of a grouped GEMM; "other" is Intel's."""
    return next((name for part, name in MOE if part in source), "other")
