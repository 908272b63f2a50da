"""In which formats a checkpoint is served on a chip that may lack the one it was written in."""

from __future__ import annotations

from dataclasses import replace
from typing import Final, cast

from assay.catalogue.chip import Chip
from assay.catalogue.engine import Engine
from assay.core.errors import Infeasible
from assay.llm.precision import Precision, WeightFormat

MULTIPLIED_IN: Final[dict[str, str]] = {
    "bf16": "bf16",
    "fp8": "fp8",
    "fp8_block": "fp8",
    "int8": "int8",
    "int8_wo": "bf16",
    "int4_wo": "bf16",
    "nvfp4": "fp4",
    "w4a16_mxfp4": "bf16",
    "w4a8_mxfp4_mxfp8": "fp8",
}
"""The tensor format whose peak a weight format needs."""

SUBSTITUTES: Final[dict[str, tuple[str, ...]]] = {
    "bf16": (),
    "fp8": ("int8", "int8_wo", "bf16"),
    "fp8_block": ("int8", "int8_wo", "bf16"),
    "int8": ("int8_wo", "bf16"),
    "int8_wo": ("bf16",),
    "int4_wo": ("int8", "bf16"),
    "nvfp4": ("int4_wo", "int8", "bf16"),
    "w4a16_mxfp4": ("int4_wo", "int8", "bf16"),
    "w4a8_mxfp4_mxfp8": ("w4a16_mxfp4", "int4_wo", "int8", "bf16"),
}
"""What a checkpoint is converted to, in order of preference, where its own format cannot run."""

UPGRADES: Final[dict[str, str]] = {"w4a16_mxfp4": "w4a8_mxfp4_mxfp8"}
"""Where chip and framework multiply fp4 weights with 8-bit activations, they do."""


def served_precision(native: Precision, chip: Chip, engine: Engine) -> Precision:
    """Return the formats in which `engine` serves a checkpoint on `chip`.

    Each part keeps its own format where the chip has a peak for it and the framework a kernel; otherwise it takes the
    first substitute that has both. The KV cache follows the framework's default on that chip generation.

    Raises
    ------
    Infeasible
        Where a part has no format that runs.
    """
    parts = {part: served_format(getattr(native, part), chip, engine) for part in ("attention", "dense", "experts")}
    shared = served_format(native.shared, chip, engine)
    narrow = any(format != "bf16" for format in parts.values())
    kv = engine.classes(chip.generation).kv if narrow and "fp8" in chip.peak_flop_per_s else "bf16"
    static = native.static_scales and all(getattr(native, part) == format for part, format in parts.items())
    return replace(native, **parts, shared=shared, kv=kv, static_scales=static)


def served_format(native: WeightFormat, chip: Chip, engine: Engine) -> WeightFormat:
    """Return the format in which weights stored as `native` are served. Raises Infeasible where none runs."""
    upgrade = UPGRADES.get(native)
    if upgrade is not None and "fp4" in chip.peak_flop_per_s and upgrade in engine.formats:
        return cast("WeightFormat", upgrade)
    for format in (native, *SUBSTITUTES[native]):
        if format in engine.formats and _has_peak(chip, MULTIPLIED_IN[format]):
            return cast("WeightFormat", format)
    raise Infeasible(
        f"{engine.name} has no kernel for {native} weights on {chip.name}",
        "Give the chip's dense peaks in its TOML file, or choose another framework.",
    )


def _has_peak(chip: Chip, tensor_format: str) -> bool:
    if tensor_format == "bf16":  # fp16 units run bf16 checkpoints converted to fp16; kernels fall back to it
        return True
    return tensor_format in chip.peak_flop_per_s
