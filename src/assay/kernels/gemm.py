"""Dense GEMM: tiles on cores, weights from memory, the power limit; and a three-number roofline."""

from __future__ import annotations

from typing import Final

import numpy as np

from assay.core.array import Number
from assay.kernels.coefficients import Theta
from assay.kernels.formats import OPERANDS, OperandFormat
from assay.kernels.machine import POWER_HEADROOM, Cost, Machine, p_norm, residency, warm_bytes, waves
from assay.kernels.silicon import Silicon
from assay.llm.operator import Gemm

TILES: Final = ((16, 64), (16, 128), (64, 64), (64, 128), (128, 128), (128, 256))
"""Rows and columns of C that one core computes at a time."""
SPLITS: Final = (1, 2, 3, 4, 6, 8, 12, 16)
"""Parts into which k is cut where there are few tiles."""

MIN_TILE_ROWS: Final[dict[str, int]] = {"wgmma": 64}
"""Rows below which a tensor instruction computes padding, by `tensor_issue`; 16 where not listed, and for weight-only
formats everywhere: their kernels (Marlin and its like) unpack weights into registers and issue mma.sync."""

MMA_SYNC_SHARE: Final[dict[str, float]] = {"hopper": 0.63}
"""Part of the tensor peak that mma.sync reaches on generations whose peak needs wgmma. 62.9 % is what a published
micro-benchmark study of Hopper is remembered to say (arXiv 2402.13499); unverified: not read again."""

POWER_SHARPNESS: Final = 8.0
"""Exponent with which the power limit joins the other times: it throttles, it does not overlap."""

FAMILIES: Final[dict[str, str]] = {
    "bf16": "gemm_bf16",
    "fp8": "gemm_fp8",
    "fp8_block": "gemm_fp8_block",
    "nvfp4": "gemm_nvfp4",
}
"""Measured formats. Every other pays the overheads of fp8 (scales, epilogue), even where it multiplies in 16 bits."""

OFFSETS_OF: Final[dict[str, str]] = {"trtllm": "sglang"}
"""Framework whose t0 and cq apply instead: the tables time TensorRT-LLM's quantisation as launches of its own, which
a served graph fuses."""

WEIGHT_ONLY_INT8_BANDWIDTH: Final = 0.5
"""Part of the fp8 family's bandwidth that int8 weight-only kernels reach: the measured ones stream at 40 % of HBM."""


def cost(operator: Gemm, machine: Machine) -> Cost:
    """Return the cost of a GEMM in prediction: cold operands, bounded coefficients."""
    operands = OPERANDS[operator.format]
    theta = coefficients(operator, machine)
    form = time if machine.silicon.cores_known else roofline
    return form(operator.m, operator.n, operator.k, operands, theta, machine.silicon)


def family(operator: Gemm, machine: Machine) -> str | None:
    """Return the family whose measurements stand behind the cost; None where they are of another format."""
    if not machine.silicon.cores_known:
        return "gemm_bf16_roofline"
    return FAMILIES.get(operator.format)


def kernel_class(format_: str, framework: str, silicon: Silicon) -> str:
    """Return the class of a GEMM kernel: the framework's, but the library's where several frameworks share it.

    fp8 in blocks is DeepGEMM on every wgmma chip, except for TensorRT-LLM's own kernel on Hopper.
    """
    if format_ != "fp8_block":
        return framework
    if silicon.tensor_issue != "wgmma":
        return silicon.tensor_issue
    return framework if framework == "trtllm" and silicon.generation == "hopper" else "deepgemm"


def coefficients(operator: Gemm, machine: Machine) -> Theta:
    """Return the coefficients of an operator, with what its format and scales change."""
    name = FAMILIES.get(operator.format, "gemm_fp8")
    framework = machine.software.framework
    kernel = kernel_class(operator.format, framework, machine.silicon)
    launched = kernel_class(operator.format, OFFSETS_OF.get(framework, framework), machine.silicon)
    launch = machine.theta(name, launched)
    t0, cq = launch.t0, launch.cq
    if operator.static_scales:
        t0, cq = (t0 + machine.theta("gemm_bf16", OFFSETS_OF.get(framework, framework)).t0) / 2, 0.0
    if machine.software.quantisation_fused:
        cq = 0.0
    theta = (
        machine.theta(name, kernel) if machine.silicon.cores_known else machine.theta("gemm_bf16_roofline", framework)
    )
    eta = theta.eta * (WEIGHT_ONLY_INT8_BANDWIDTH if operator.format == "int8_wo" else 1.0)
    return theta.replace(t0=t0, cq=cq, eta=eta)


def time(
    m: Number,
    n: Number,
    k: Number,
    operands: OperandFormat,
    theta: Theta,
    silicon: Silicon,
    *,
    warm: bool = False,
) -> Cost:
    """Return the cost of C[m, n] = A[m, k] W[k, n].

    t = t0 + ||t_tiles, t_memory|_p, t_power|_8 + [8 bits or less] cq 3 m k / BW, where t_tiles is that of the best
    tile and split of k.

    Parameters
    ----------
    m, n, k
        Numbers or arrays that broadcast.
    operands
        Bytes of the operands and the tensor format they are multiplied in.
    theta
        Coefficients of a GEMM family.
    silicon
        The chip.
    warm
        As benchmarks measure: the same A and C again and again, one of several W at a time, so that L2 holds some.

    Notes
    -----
    Fitted for m 1 to 32,768 and n, k 32 to 65,536. The published prototype's median absolute error is 12 % (bf16) to
    21 % (fp8 in blocks) on a generation it has not seen, 9 to 14 % on chips it has. Source: aiconfigurator-core-0-12-0.
    """
    weights = operands.weight_bytes * np.multiply(n, k)
    activations = np.multiply(m, operands.activation_bytes * np.asarray(k) + 2.0 * np.asarray(n))
    read = np.add(weights, activations)
    streamed = _streamed_bytes(weights, activations, theta, silicon) if warm else read
    t_memory = streamed / (theta.eta * silicon.bandwidth_bytes_per_s)
    joule_per_flop = theta.efm if silicon.tensor_issue == "mma_sync" else theta.ef
    energy = joule_per_flop * operands.activation_bytes * np.multiply(np.multiply(m, n), k) + theta.eb * read
    t_power = energy / (POWER_HEADROOM * silicon.tdp_w)
    t_tiles = _best_tiling(m, n, k, operands, theta, silicon)
    busy = p_norm(POWER_SHARPNESS, p_norm(theta.p, t_tiles, t_memory), t_power)
    return Cost(busy + _quantisation(m, k, operands, theta, silicon), theta.t0 * silicon.launch)


def roofline(m: Number, n: Number, k: Number, operands: OperandFormat, theta: Theta, silicon: Silicon) -> Cost:
    """Return the cost of a GEMM from three numbers, where cores and clock are unknown.

    t = t0 + |2 m n k / (e P), (W + A) / (eta BW)|_p + [8 bits or less] cq 3 m k / BW. Twice the error of `time` in
    the tail, the same in the median.
    """
    flop = 2.0 * np.multiply(np.multiply(m, n), k)
    weights = operands.weight_bytes * np.multiply(n, k)
    activations = np.multiply(m, operands.activation_bytes * np.asarray(k) + 2.0 * np.asarray(n))
    variable = p_norm(
        theta.p,
        flop / (theta.e * silicon.peak(operands.tensor)),
        (weights + activations) / (theta.eta * silicon.bandwidth_bytes_per_s),
    )
    return Cost(variable + _quantisation(m, k, operands, theta, silicon), theta.t0 * silicon.launch)


def _quantisation(m: Number, k: Number, operands: OperandFormat, theta: Theta, silicon: Silicon) -> Number:
    """One pass that reads 16-bit activations and writes them narrower."""
    return theta.cq * 3.0 * np.multiply(m, k) / silicon.bandwidth_bytes_per_s if operands.quantises else 0.0


def _streamed_bytes(weights: Number, activations: Number, theta: Theta, silicon: Silicon) -> Number:
    """Bytes that a benchmark moves from memory: the rest is in L2, of which kw and ka are the usable fractions.

    Weights come back after all the others of the rotation, hence kw < ka.
    """
    l2_bytes = warm_bytes(silicon)
    if l2_bytes == 0:
        return np.add(weights, activations)
    weights_warm = residency(weights / theta.kw + activations / theta.ka, l2_bytes)
    activations_warm = residency(np.add(weights, activations), theta.ka * l2_bytes)
    return weights * (1.0 - weights_warm) + activations * (1.0 - 0.9 * activations_warm)


def _best_tiling(m: Number, n: Number, k: Number, operands: OperandFormat, theta: Theta, silicon: Silicon) -> Number:
    """Time of all tiles for the fastest of TILES x SPLITS.

    A core spends k (mma + issue) and k x load on a tile, overlapping (root of squares), then stores it, psi bytes a
    clock, and pays tp. Issue, load and store follow the core's clock, not the tensor peak: that is what carries over
    to a chip with a cut peak. mma.sync kernels wait tk for each step of k, and store more slowly (psim): the warps that
    multiply also fetch and store, where wgmma kernels have others for it. Memory and power do not depend on the
    tiling, so the minimum is taken here, before the p-norm.
    """
    m, n, k = np.asarray(m, dtype=float), np.asarray(n, dtype=float), np.asarray(k, dtype=float)
    synchronous = silicon.tensor_issue == "mma_sync"
    weight_only = operands.weight_bytes < operands.activation_bytes == 2.0
    share = MMA_SYNC_SHARE.get(silicon.generation, 1.0) if weight_only else 1.0
    core_flop_per_s = theta.e * share * silicon.peak(operands.tensor) / silicon.cores
    issue_flop_per_s = theta.ci * silicon.clock_hz
    load_bytes_per_s = theta.phi / 64.0 * silicon.load_bytes_per_s
    store_bytes_per_s = (theta.psim if synchronous else theta.psi) * silicon.clock_hz
    wait_s = theta.tk if synchronous else 0.0
    partials_s = 4.0 * m * n / silicon.bandwidth_bytes_per_s
    best: Number = np.inf
    least_rows = 16 if weight_only else MIN_TILE_ROWS.get(silicon.tensor_issue, 16)
    for rows, columns in TILES:
        if rows < least_rows:
            continue
        mma_s = (
            2 * rows * columns * (1 / core_flop_per_s + (1 + theta.ct * (1 / rows + 1 / columns)) / issue_flop_per_s)
        )
        height, width = np.minimum(m, rows), np.minimum(n, columns)
        loaded = height * operands.activation_bytes + width * operands.weight_bytes
        tile_s = k * (np.sqrt(mma_s**2 + np.square(loaded / load_bytes_per_s)) + wait_s)
        stored_s = 2.0 * height * width / store_bytes_per_s
        tiles = np.ceil(m / rows) * np.ceil(n / columns)
        for split in SPLITS:
            stores_s = stored_s if split == 1 else 2.0 * stored_s  # partial sums have 32 bits
            t = waves(tiles * split, silicon.cores, theta.q) * (tile_s / split + stores_s + theta.tp)
            if split > 1:
                t = t + (theta.ts + split * partials_s)
            best = np.minimum(best, t)
    return best
