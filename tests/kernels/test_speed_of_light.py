from dataclasses import replace

import pytest

from assay.kernels.speed_of_light import speed_of_light_s
from assay.llm.operator import Collective, DecodeAttention, ExpertAllToAll, Gemm, Moe

from .machines import H20, H200


def test_a_large_gemm_is_bound_by_the_peak_and_a_thin_one_by_memory() -> None:
    large = Gemm(role="test", m=8192.0, n=8192.0, k=8192.0, format="fp8")
    thin = Gemm(role="test", m=1.0, n=8192.0, k=8192.0, format="fp8")
    assert speed_of_light_s(large, H20) == pytest.approx(2 * 8192**3 / 296e12)
    assert speed_of_light_s(thin, H20) == pytest.approx(8192 * 8192 / 4e12, rel=0.001)


def test_decode_reads_the_cache_once() -> None:
    operator = DecodeAttention(role="test", batch=64.0, kv_tokens=8192.0, heads=32.0, kv_heads=8.0, head_dim=128.0)
    assert speed_of_light_s(operator, H200) == pytest.approx(64 * 8192 * 2 * 8 * 128 * 2 / 4.8e12, rel=0.001)


def test_experts_read_the_weights_of_those_that_are_active() -> None:
    operator = Moe(
        role="test",
        tokens=8.0,
        pairs=64.0,
        active_experts=50.0,
        local_experts=256.0,
        hidden=7168.0,
        intermediate=2048.0,
    )
    assert speed_of_light_s(operator, H200) == pytest.approx(50 * 3 * 7168 * 2048 * 2 / 4.8e12, rel=0.001)


def test_communication_is_bound_by_the_slower_of_link_and_nic() -> None:
    gather = Collective(role="test", kind="all_gather", message_bytes=1e9, ranks=16.0)
    assert speed_of_light_s(gather, H200) == pytest.approx(7 / 8 * 1e9 / 450e9)
    assert speed_of_light_s(gather, replace(H200, nic_bytes_per_s=10e9)) == pytest.approx(1 / 2 * 1e9 / 8 / 10e9)
    dispatch = ExpertAllToAll(
        role="test", phase="dispatch", mode="low_latency", tokens=128.0, hidden=7168.0, top_k=8.0, ranks=16.0
    )
    assert speed_of_light_s(dispatch, H200) == pytest.approx(128 * 8 * 7168 * 2 / 2 / 50e9)
