"""What a weight format is to a kernel: the tensor format it is multiplied in, and the bytes its operands take."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class OperandFormat:
    """Tensor format whose peak applies, and bytes per weight and activation as the fit counted them."""

    tensor: str
    weight_bytes: float
    activation_bytes: float

    @property
    def quantises(self) -> bool:
        """Whether activations must be quantised before the multiplication."""
        return self.activation_bytes < 2


OPERANDS: Final[dict[str, OperandFormat]] = {
    "bf16": OperandFormat("bf16", 2.0, 2.0),
    "fp8": OperandFormat("fp8", 1.0, 1.0),
    "fp8_block": OperandFormat("fp8", 1.0, 1.0),
    "int8": OperandFormat("int8", 1.0, 1.0),
    "int8_wo": OperandFormat("bf16", 1.0, 2.0),
    "int4_wo": OperandFormat("bf16", 0.5, 2.0),
    "nvfp4": OperandFormat("fp4", 0.5625, 0.5625),
    "w4a16_mxfp4": OperandFormat("bf16", 0.53, 2.0),
    "w4a8_mxfp4_mxfp8": OperandFormat("fp8", 0.53, 1.0),
}
"""By weight format. int4 without its scales: the coefficients were fitted so."""
