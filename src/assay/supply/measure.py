"""What a number of chips amounts to, under each label that is in use: the same chip is worth 0.15 or 1.2 of an H100."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from assay.catalogue.chip import Chip, chip
from assay.core.errors import Unsupported

REFERENCE_CHIP = "h100-sxm"

LABELS: Mapping[str, str] = {
    "h100e_fp8": "dense 8-bit peak over that of an H100 (fp8, else int8, else bf16)",
    "h100e_bf16": "dense bf16 peak over that of an H100",
    "tpp": "total processing performance: the sum over chips of the largest dense peak in Tera times its bits",
    "h100e_bandwidth": "memory bandwidth over that of an H100",
    "h100e_serving": "tokens per second over those of an H100",
    "h100e_training": "dense bf16 peak over that of an H100, times the MFU over that of an H100",
    "hbm_bytes": "memory, bytes",
    "chip_power_w": "rated power of the chips alone, W",
}
"""Label of a stock: what one chip of a class counts."""


@dataclass(frozen=True, slots=True)
class Serving:
    """How fast chips serve one model at one service level: asked of a performance model that is passed in.

    `tokens_per_s` takes a chip and returns output tokens per second of one chip. Without it, memory bandwidth
    stands in for speed and no tokens are reported.
    """

    description: str
    tokens_per_s: Callable[[Chip], float]


BANDWIDTH_STAND_IN = "stand-in: memory bandwidth, until a performance model is passed in"


def eight_bit_peak(peaks: Mapping[str, float]) -> float | None:
    """Return the dense 8-bit peak, flop/s: fp8, else int8, else the bf16 peak (a chip without 8-bit units)."""
    return peaks.get("fp8") or peaks.get("int8") or peaks.get("bf16")


def worth(id: str, peaks: Mapping[str, float] | None = None, serving: Serving | None = None) -> dict[str, float]:
    """Return what one chip counts under each label of LABELS.

    Parameters
    ----------
    id
        Chip of the catalogue.
    peaks
        Dense peaks by format, flop/s, that replace those of the catalogue.
    serving
        The performance model; None for the stand-in by bandwidth.

    Raises
    ------
    Unsupported
        The catalogue lacks a figure that a label needs.
    """
    it, h100 = chip(id), chip(REFERENCE_CHIP)
    own = dict(peaks or it.peak_flop_per_s)
    eight_bit, bf16, bandwidth = eight_bit_peak(own), own.get("bf16"), it.memory_bandwidth_bytes_per_s
    if eight_bit is None or bf16 is None or bandwidth is None or it.memory_bytes is None:
        raise Unsupported(f"the catalogue lacks a peak, the memory or the bandwidth of {id}")
    bandwidth_ratio = bandwidth / _known(h100.memory_bandwidth_bytes_per_s)
    bf16_ratio = bf16 / h100.peak_flop_per_s["bf16"]
    return {
        "h100e_fp8": eight_bit / _known(eight_bit_peak(h100.peak_flop_per_s)),
        "h100e_bf16": bf16_ratio,
        "tpp": it.tpp or max(eight_bit * 8, bf16 * 16) / 1e12,
        "h100e_bandwidth": bandwidth_ratio,
        "h100e_serving": serving.tokens_per_s(it) / serving.tokens_per_s(h100) if serving else bandwidth_ratio,
        "h100e_training": bf16_ratio,
        "hbm_bytes": it.memory_bytes,
        "chip_power_w": it.tdp_w or 0.0,
    }


def _known(value: float | None) -> float:
    if value is None:
        raise Unsupported(f"the catalogue lacks a figure of {REFERENCE_CHIP}, the unit of every equivalent")
    return value


def h100_bf16_flop_per_s() -> float:
    """Return the dense bf16 peak of the H100, the unit of training equivalents."""
    return chip(REFERENCE_CHIP).peak_flop_per_s["bf16"]


def h100_bandwidth_bytes_per_s() -> float:
    """Return the memory bandwidth of the H100, the unit of bandwidth equivalents."""
    return _known(chip(REFERENCE_CHIP).memory_bandwidth_bytes_per_s)


def h100_tokens_per_s(serving: Serving) -> float:
    """Return the tokens per second of one H100, the unit of serving equivalents."""
    return serving.tokens_per_s(chip(REFERENCE_CHIP))
