"""The GEMM against its form written out, and the rules on top of it."""

import numpy as np
import pytest
from hypothesis import given

from assay.kernels import gemm
from assay.kernels.coefficients import Theta, shipped
from assay.kernels.formats import OPERANDS
from assay.kernels.machine import Machine, p_norm
from assay.kernels.silicon import Silicon
from assay.kernels.software import Software
from assay.llm.operator import Gemm

from .machines import B200, CHIPS, H20, H100, H200, SGLANG, TRTLLM, chips, formats, tokens, widths


@given(tokens, widths, widths, formats, chips)
def test_the_minimum_over_tilings_may_be_taken_before_the_p_norm(
    m: float, n: float, k: float, format: str, silicon: Silicon
) -> None:
    """Against every tiling carried to the end, as the form is written."""
    theta = shipped().theta("gemm_fp8", silicon.generation, "sglang")
    operands = OPERANDS[format]
    read = operands.weight_bytes * n * k + m * (operands.activation_bytes * k + 2 * n)
    t_memory = read / (theta.eta * silicon.bandwidth_bytes_per_s)
    joule = theta.efm if silicon.tensor_issue == "mma_sync" else theta.ef
    t_power = (joule * operands.activation_bytes * m * n * k + theta.eb * read) / (0.85 * silicon.tdp_w)
    totals = []
    synchronous = silicon.tensor_issue == "mma_sync"
    weight_only = operands.weight_bytes < operands.activation_bytes == 2
    peak = silicon.peak(operands.tensor) * (gemm.MMA_SYNC_SHARE.get(silicon.generation, 1) if weight_only else 1)
    for rows, columns in gemm.TILES:
        if rows < 64 and silicon.tensor_issue == "wgmma" and not weight_only:
            continue
        for split in gemm.SPLITS:
            filled = np.ceil(m / rows) * np.ceil(n / columns) * split / silicon.cores
            waves = theta.q * np.ceil(filled) + (1 - theta.q) * max(filled, 1)
            issue = (1 + theta.ct * (1 / rows + 1 / columns)) / (theta.ci * silicon.clock_hz)
            mma = 2 * rows * columns * k / split * (silicon.cores / (theta.e * peak) + issue)
            loaded = min(m, rows) * operands.activation_bytes + min(n, columns) * operands.weight_bytes
            load = loaded * k / split / (theta.phi / 64 * silicon.load_bytes_per_s)
            wait = theta.tk * k / split if synchronous else 0.0
            stored = min(m, rows) * min(n, columns) * (2 if split == 1 else 4)
            store = stored / ((theta.psim if synchronous else theta.psi) * silicon.clock_hz)
            t = waves * (np.hypot(mma, load) + wait + store + theta.tp)
            if split > 1:
                t += theta.ts + 4 * split * m * n / silicon.bandwidth_bytes_per_s
            totals.append(p_norm(8, p_norm(theta.p, t, t_memory), t_power))
    quantise = theta.cq * 3 * m * k / silicon.bandwidth_bytes_per_s if operands.activation_bytes < 2 else 0
    price = gemm.time(m, n, k, operands, theta, silicon)
    assert price.variable_s == pytest.approx(min(totals) + quantise, rel=1e-9)


@given(tokens, widths, widths, formats, chips)
def test_warm_operands_are_never_slower_than_cold_ones(
    m: float, n: float, k: float, format: str, silicon: Silicon
) -> None:
    theta = shipped().theta("gemm_fp8", silicon.generation)
    warm = gemm.time(m, n, k, OPERANDS[format], theta, silicon, warm=True)
    assert warm.seconds <= gemm.time(m, n, k, OPERANDS[format], theta, silicon).seconds


def theta(operator: Gemm, silicon: Silicon, software: Software) -> Theta:
    return gemm.coefficients(operator, Machine(silicon, software, shipped()))


def test_tensorrt_llm_launches_like_sglang() -> None:
    operator = Gemm(role="test", m=1.0, n=4096.0, k=4096.0, format="fp8")
    ours, theirs = theta(operator, H200, TRTLLM), theta(operator, H200, SGLANG)
    assert (ours.t0, ours.cq) == (theirs.t0, theirs.cq)
    assert ours.ci != theirs.ci


def test_static_scales_need_no_quantisation_pass_and_launch_half_way_to_bf16() -> None:
    dynamic = Gemm(role="test", m=1.0, n=4096.0, k=4096.0, format="fp8")
    static = Gemm(role="test", m=1.0, n=4096.0, k=4096.0, format="fp8", static_scales=True)
    plain = Gemm(role="test", m=1.0, n=4096.0, k=4096.0)
    assert theta(static, H200, SGLANG).cq == 0
    t0 = [theta(operator, H200, SGLANG).t0 for operator in (plain, static, dynamic)]
    assert t0[1] == pytest.approx((t0[0] + t0[2]) / 2)


def test_fused_quantisation_costs_no_pass() -> None:
    operator = Gemm(role="test", m=4096.0, n=4096.0, k=4096.0, format="fp8")
    assert theta(operator, H200, Software(framework="sglang", quantisation_fused=True)).cq == 0


def test_wgmma_computes_at_least_64_rows() -> None:
    """So that on a chip with little compute per byte 16 rows cost as much as 64."""
    few, many = (
        gemm.cost(Gemm(role="test", m=m, n=28672.0, k=8192.0), Machine(H20, SGLANG, shipped())) for m in (16.0, 64.0)
    )
    assert few.seconds == pytest.approx(many.seconds, rel=0.02)


def test_a_cut_tensor_peak_loses_less_of_it() -> None:
    """The loss follows the clock: an H20 reaches a larger part of its peak than an H100 of its own."""
    large = Gemm(role="test", m=8192.0, n=28672.0, k=8192.0)
    reached = [
        2 * 8192 * 28672 * 8192 / gemm.cost(large, Machine(chip, SGLANG, shipped())).seconds / chip.peak("bf16")
        for chip in (H20, H100)
    ]
    assert reached[0] > reached[1] + 0.05


def test_blocks_of_fp8_are_deepgemm_under_every_framework_but_one() -> None:
    kernels = {name: gemm.kernel_class("fp8_block", name, H200) for name in ("sglang", "vllm", "trtllm")}
    assert kernels == {"sglang": "deepgemm", "vllm": "deepgemm", "trtllm": "trtllm"}
    assert gemm.kernel_class("fp8_block", "trtllm", B200) == "deepgemm"
    assert gemm.kernel_class("bf16", "vllm", H200) == "vllm"


def test_energy_per_byte_is_bounded() -> None:
    for silicon in CHIPS:
        assert theta(Gemm(role="test", m=1.0, n=64.0, k=64.0), silicon, SGLANG).eb <= 25e-12


def test_a_format_without_hardware_runs_at_the_bf16_peak() -> None:
    nvfp4 = Gemm(role="test", m=8192.0, n=8192.0, k=8192.0, format="nvfp4")
    hopper = gemm.cost(nvfp4, Machine(H200, SGLANG, shipped())).seconds
    assert hopper > 2 * 8192**3 / H200.peak("bf16")
    assert gemm.cost(nvfp4, Machine(B200, SGLANG, shipped())).seconds < hopper / 3
