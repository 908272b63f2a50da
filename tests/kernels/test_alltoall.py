from typing import Any

import numpy as np
import pytest

from assay.kernels import alltoall
from assay.kernels.coefficients import shipped
from assay.kernels.machine import Cost, Machine
from assay.llm.operator import ExpertAllToAll

from .machines import H100, SGLANG


def cost(**changes: Any) -> Cost:
    fields: dict[str, Any] = {
        "phase": "dispatch",
        "mode": "normal",
        "tokens": 4096.0,
        "ranks": 8.0,
        "format": "fp8",
        **changes,
    }
    operator = ExpertAllToAll(role="test", hidden=7168.0, top_k=8.0, **fields)
    return alltoall.cost(operator, Machine(H100, SGLANG, shipped()))


def test_one_rank_pays_nothing() -> None:
    assert cost(ranks=1.0).seconds == 0


def test_normal_mode_sends_a_copy_per_rank_not_per_expert() -> None:
    copies, _ = alltoall.traffic(1.0, 1.0, 8.0, 8.0, 8.0, 1.0, "normal")
    messages, _ = alltoall.traffic(1.0, 1.0, 8.0, 8.0, 8.0, 1.0, "low_latency")
    assert copies == pytest.approx(7 * (1 - (7 / 8) ** 8))
    assert messages == pytest.approx(7.0)


def test_low_latency_over_nodes_is_bound_by_the_nic() -> None:
    """Two nodes, 128 tokens: the measured fit is 20 us + V / 47 GB/s."""
    price = cost(mode="low_latency", tokens=128.0, ranks=16.0)
    sent = 128 * 8 * 7168 * (1 + 4 / 128) / 2
    assert price.seconds == pytest.approx(20e-6 + sent / 47e9, rel=0.15)


def test_bf16_results_take_longer_than_fp8_tokens() -> None:
    assert cost(format="bf16").variable_s > 1.8 * cost(format="fp8").variable_s


def test_more_ranks_are_never_faster_within_a_node() -> None:
    for mode in ("normal", "low_latency"):
        assert np.all(np.diff(cost(mode=mode, ranks=np.array([2.0, 4.0, 8.0])).seconds) >= 0)
