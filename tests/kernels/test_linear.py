from dataclasses import replace

import pytest

from assay.kernels import linear
from assay.kernels.coefficients import shipped
from assay.kernels.machine import Machine
from assay.llm.operator import CausalConv, LinearAttention, StateSpaceScan

from .machines import H200, SGLANG

STEP = LinearAttention(
    role="test",
    kind="gdn",
    batch=64.0,
    new_tokens=1.0,
    key_heads=16.0,
    value_heads=32.0,
    key_dim=128.0,
    value_dim=128.0,
)


def test_a_decode_step_reads_and_writes_the_state() -> None:
    state = 64 * 32 * 128 * 128
    assert linear.work(STEP).bytes == 8 * state + 2 * 64 * (2 * 16 * 128 + 2 * 32 * 128)
    assert linear.work(STEP).flop == 8 * state


def test_prefill_walks_a_prompt_in_chunks() -> None:
    prompt = replace(STEP, batch=1.0, new_tokens=8192.0, phase="prefill")
    assert linear.work(prompt).steps == 128
    assert linear.work(replace(prompt, new_tokens=16384.0)).flop == 2 * linear.work(prompt).flop


def test_kernels_that_walk_a_sequence_take_a_cta_per_channel() -> None:
    conv = CausalConv(role="test", kind="gdn", batch=2.0, new_tokens=4096.0, channels=8192.0, phase="prefill")
    assert linear.conv_work(conv, per_sequence=True).ctas == 2 * 8192
    assert linear.conv_work(conv, per_sequence=False).ctas == 2 * 4096 / 64 * 8192 / 256


def test_a_mamba_scan_costs_what_a_delta_net_of_its_size_does() -> None:
    scan = StateSpaceScan(role="test", batch=64.0, new_tokens=1.0, heads=32.0, head_dim=128.0, groups=16.0, state=128.0)
    machine = Machine(H200, SGLANG, shipped())
    assert linear.scan_cost(scan, machine).seconds == pytest.approx(linear.cost(STEP, machine).seconds)
