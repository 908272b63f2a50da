"""The grouped GEMMs of experts, with permutation, activation and combination."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from assay.core.array import Number
from assay.kernels.coefficients import Theta
from assay.kernels.formats import OPERANDS, OperandFormat
from assay.kernels.machine import POWER_HEADROOM, Cost, Machine, p_norm, waves
from assay.kernels.silicon import Silicon
from assay.llm.operator import Moe

TILE_ROWS: Final = (16, 64, 128)
TILE_COLUMNS: Final = (64, 128)
WAVE_SHARE: Final = 0.5
"""Share of a partly filled wave that is paid in full: fixed in the fit."""

FAMILIES: Final[dict[str, str]] = {
    "bf16": "moe_bf16",
    "fp8": "moe_fp8",
    "fp8_block": "moe_fp8_block",
    "int4_wo": "moe_int4_wo",
    "nvfp4": "moe_nvfp4",
    "w4a16_mxfp4": "moe_w4a16_mxfp4",
    "w4a8_mxfp4_mxfp8": "moe_w4a8_mxfp4_mxfp8",
}
NEAREST: Final[dict[str, str]] = {"int8": "moe_fp8", "int8_wo": "moe_int4_wo"}
"""Family that stands in for a format without measurements."""

EXPERT_PARALLEL: Final[dict[tuple[str, str, str], tuple[str, str]]] = {
    ("sglang", "fp8_block", "prefill"): ("moe_ep_prefill", "deepepmoe"),
    ("sglang", "fp8_block", "decode"): ("moe_ep_decode", "deepepmoe"),
    ("vllm", "fp8_block", "prefill"): ("moe_ep_prefill", "deepepmoe"),
    ("vllm", "fp8_block", "decode"): ("moe_ep_decode", "deepepmoe"),
    ("trtllm", "fp8_block", "prefill"): ("moe_ep_trtllm", "cutlass_fp8_block"),
    ("trtllm", "fp8_block", "decode"): ("moe_ep_trtllm", "cutlass_fp8_block"),
    ("trtllm", "nvfp4", "prefill"): ("moe_ep_trtllm", "cutlass_nvfp4"),
    ("trtllm", "nvfp4", "decode"): ("moe_ep_trtllm", "cutlass_nvfp4"),
}
"""Family and class of the kernels behind an all-to-all, by framework, format and phase. Where none is listed the
kernels are those of gathered tokens."""


def cost(operator: Moe, machine: Machine) -> Cost:
    """Return the cost of the experts of one chip in prediction."""
    gathered = _cost(operator, machine, *_gathered(operator, machine))
    exchanged = _exchanged(operator, machine)
    if exchanged is None or not np.any(operator.all_to_all):
        return gathered
    other = _cost(operator, machine, *exchanged)
    if np.all(operator.all_to_all):
        return other
    return Cost(
        np.where(operator.all_to_all, other.variable_s, gathered.variable_s),
        np.where(operator.all_to_all, other.floor_s, gathered.floor_s),
    )


def family(operator: Moe, machine: Machine) -> str | None:
    """Return the family whose measurements stand behind the cost; None where they are of another format."""
    exchanged = _exchanged(operator, machine)
    if exchanged is not None and np.any(operator.all_to_all):
        return exchanged[0]
    return FAMILIES.get(operator.format)


def active_experts(pairs: Number, local_experts: Number, top_k: Number, theta: Theta, *, skewed: bool) -> Number:
    """Return the experts with at least one token under the router of the benchmarks, at least 1.

    Balanced: min(E, max(T, eps k)); skewed (power law): E (1 - exp(-max(kap T, eps k) / E)). A served model's routing
    is the model room's business; this one belongs to the fit.
    """
    least = theta.eps * np.minimum(top_k, local_experts)
    if skewed:
        active = local_experts * (1.0 - np.exp(-np.maximum(theta.kap * np.asarray(pairs), least) / local_experts))
    else:
        active = np.minimum(local_experts, np.maximum(pairs, least))
    return np.maximum(active, 1.0)


def time(
    tokens: Number,
    pairs: Number,
    active: Number,
    hidden: Number,
    intermediate: Number,
    operands: OperandFormat,
    theta: Theta,
    silicon: Silicon,
    *,
    gated: bool = True,
    skewed: bool | NDArray[np.bool_] = True,
) -> Cost:
    """Return the cost of the experts that `pairs` (token, expert) pairs reach on one chip.

    t = t0 + sqrt((g_1 + g_2)^2 + t_power^2) + t_io: the up and down projections one after the other, each as
    |best tiling, memory|_p; t_io moves tokens to expert order, through the activation, and back.

    Parameters
    ----------
    tokens, pairs, active
        Tokens at hand, (token, expert) pairs, and experts with at least one.
    hidden, intermediate
        Widths; `intermediate` is that of this chip.
    operands
        Bytes of the operands and the tensor format they are multiplied in.
    theta
        Coefficients of a MoE family.
    silicon
        The chip.
    gated
        Two input projections.
    skewed
        Experts get unequal numbers of tokens, as routers give them; False: the same number each.

    Notes
    -----
    Fitted on gathered tokens (no expert parallelism), 28 model shapes, 1 to 65,536 tokens. The prototype's median
    absolute error is 15 % (bf16, fp8 in blocks) and 47 % (nvfp4: two generations exist) on an unseen generation,
    10 to 12 % on seen chips. Source: aiconfigurator-core-0-12-0.
    """
    pairs = np.asarray(pairs, dtype=float)
    active = np.maximum(active, 1.0)
    inputs = 2.0 if gated else 1.0
    up = _grouped_gemm(pairs, active, inputs * np.asarray(intermediate), hidden, operands, theta, silicon, skewed)
    down = _grouped_gemm(pairs, active, hidden, intermediate, operands, theta, silicon, skewed)
    flop = 2.0 * pairs * hidden * intermediate * (inputs + 1.0)
    t_power = theta.ef * flop / (POWER_HEADROOM * silicon.tdp_w)
    moved = 4.0 * np.asarray(tokens) * hidden + pairs * (6.0 * hidden + 4.0 * inputs * np.asarray(intermediate))
    t_io = theta.cio * moved / silicon.bandwidth_bytes_per_s
    return Cost(np.sqrt(np.square(up + down) + np.square(t_power)) + t_io, theta.t0 * silicon.launch)


def _grouped_gemm(
    pairs: Number,
    active: Number,
    n: Number,
    k: Number,
    operands: OperandFormat,
    theta: Theta,
    silicon: Silicon,
    skewed: bool | NDArray[np.bool_],
) -> Number:
    """One of the two GEMMs: [pairs, k] x [k, n] per expert. Like a dense GEMM, but k is not split."""
    n, k = np.asarray(n, dtype=float), np.asarray(k, dtype=float)
    weights = operands.weight_bytes * active * n * k
    activations = pairs * (operands.activation_bytes * k + 2.0 * n)
    t_memory = (weights + activations) / (theta.eta * silicon.bandwidth_bytes_per_s)
    rows_each = np.maximum(pairs / active, 1.0)
    core_flop_per_s = theta.e * silicon.peak(operands.tensor) / silicon.cores
    issue_flop_per_s = theta.ci * silicon.clock_hz
    load_bytes_per_s = theta.phi / 64.0 * silicon.load_bytes_per_s
    t_tiles: Number = np.inf
    for rows in TILE_ROWS:
        blocks = np.where(skewed, np.maximum(active, pairs / rows + active / 2.0), active * np.ceil(rows_each / rows))
        for columns in TILE_COLUMNS:
            issue_s = (1 + theta.ct * (1 / rows + 1 / columns)) / issue_flop_per_s
            mma_s = 2 * rows * columns * (1 / core_flop_per_s + issue_s)
            loaded = np.minimum(rows_each, rows) * operands.activation_bytes + columns * operands.weight_bytes
            tile_s = k * np.sqrt(mma_s**2 + np.square(loaded / load_bytes_per_s))
            tiles = np.ceil(n / columns) * blocks
            t_tiles = np.minimum(t_tiles, waves(tiles, silicon.cores, WAVE_SHARE) * (tile_s + theta.tp))
    return p_norm(theta.p, t_tiles, t_memory)


def _cost(operator: Moe, machine: Machine, name: str, kernel: str) -> Cost:
    return time(
        operator.tokens,
        operator.pairs,
        operator.active_experts,
        operator.hidden,
        operator.intermediate,
        OPERANDS[operator.format],
        machine.theta(name, kernel),
        machine.silicon,
        gated=operator.gated,
    )


def _gathered(operator: Moe, machine: Machine) -> tuple[str, str]:
    name = FAMILIES.get(operator.format) or NEAREST[operator.format]
    return name, machine.software.moe.get(operator.format, "")


def _exchanged(operator: Moe, machine: Machine) -> tuple[str, str] | None:
    return EXPERT_PARALLEL.get((machine.software.framework, operator.format, operator.phase))
