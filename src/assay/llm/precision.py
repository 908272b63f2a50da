"""Number formats of a served model."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final, Literal

WeightFormat = Literal[
    "bf16", "fp8", "fp8_block", "int8", "int8_wo", "int4_wo", "nvfp4", "w4a16_mxfp4", "w4a8_mxfp4_mxfp8"
]
"""How a linear layer is stored and multiplied; `_wo` is weight-only (16-bit activations), int8 is SmoothQuant W8A8."""
KvFormat = Literal["bf16", "fp8"]

WEIGHT_BYTES: Final[dict[str, float]] = {
    "bf16": 2.0,
    "fp8": 1.0,
    "fp8_block": 1.0 + 4.0 / (128 * 128),  # one fp32 scale per 128 x 128 block
    "int8": 1.0,
    "int8_wo": 1.0,
    "int4_wo": 0.5 + 2.0 / 32,  # one bf16 scale per group of 32 (Kimi K2); groups of 128 take 0.516
    "nvfp4": 0.5 + 1.0 / 16,  # one fp8 scale per 16 weights
    "w4a16_mxfp4": 0.5 + 1.0 / 32,  # one 8-bit exponent per 32 weights
    "w4a8_mxfp4_mxfp8": 0.5 + 1.0 / 32,
}
"""Bytes a stored weight takes, scales included."""
KV_BYTES: Final[dict[str, float]] = {"bf16": 2.0, "fp8": 1.0}


@dataclass(frozen=True, slots=True)
class Precision:
    """The format of each part of a model, and of its KV cache."""

    attention: WeightFormat = "bf16"
    dense: WeightFormat = "bf16"
    experts: WeightFormat = "bf16"
    shared: WeightFormat = "bf16"
    head: WeightFormat = "bf16"
    kv: KvFormat = "bf16"
    static_scales: bool = False
    """Activation scales are stored in the checkpoint, so that no kernel has to find them."""

    def with_kv(self, kv: KvFormat) -> Precision:
        """Return the same weights with another KV cache format."""
        return replace(self, kv=kv)
