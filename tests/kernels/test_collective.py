from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from assay.core.array import Number
from assay.kernels import collective
from assay.kernels.coefficients import shipped
from assay.kernels.machine import Cost, Machine
from assay.kernels.silicon import Silicon
from assay.llm.operator import Collective, PointToPoint

from .machines import A100, H200, L40S, SGLANG

KINDS = ("all_reduce", "all_gather", "reduce_scatter", "all_to_all")


def cost(kind: Any, message_bytes: float, ranks: Number, silicon: Silicon = H200) -> Cost:
    operator = Collective(role="test", kind=kind, message_bytes=message_bytes, ranks=ranks)
    return collective.cost(operator, Machine(silicon, SGLANG, shipped()))


@pytest.mark.parametrize("kind", KINDS)
def test_one_rank_pays_nothing(kind: Any) -> None:
    assert cost(kind, 1e6, 1.0).seconds == 0


@given(st.sampled_from(KINDS), st.floats(1e2, 1e9))
def test_more_ranks_in_a_domain_are_never_faster(kind: Any, message_bytes: float) -> None:
    times = cost(kind, message_bytes, np.arange(2.0, 9.0)).seconds
    assert np.all(np.diff(times) >= 0)


@given(st.sampled_from(KINDS), st.floats(1e5, 1e9))
def test_leaving_the_domain_costs(kind: Any, message_bytes: float) -> None:
    assert cost(kind, message_bytes, 16.0).seconds > cost(kind, message_bytes, 8.0).seconds


def test_all_reduce_never_costs_more_than_its_two_halves_between_nodes() -> None:
    whole = cost("all_reduce", 1e8, 16.0).seconds
    halves = cost("reduce_scatter", 1e8, 16.0).seconds + cost("all_gather", 1e8, 16.0).seconds
    assert whole <= halves


def test_only_chips_with_a_custom_kernel_have_its_latency() -> None:
    assert cost("all_reduce", 1e3, 8.0, replace(H200, vendor="Huawei")).seconds > cost("all_reduce", 1e3, 8.0).seconds


def test_a_pair_in_a_mesh_has_one_link_of_seven() -> None:
    mesh = replace(A100, pair_bytes_per_s=A100.link_bytes_per_s / 7)
    pair, all_eight = (cost("all_reduce", 1e9, ranks, mesh).seconds for ranks in (2.0, 8.0))
    assert pair > 3 * cost("all_reduce", 1e9, 2.0, A100).seconds
    assert all_eight == pytest.approx(cost("all_reduce", 1e9, 8.0, A100).seconds)


def test_chips_behind_pcie_share_the_host() -> None:
    two, eight = (cost("all_gather", 1e8, ranks, L40S).variable_s for ranks in (2.0, 8.0))
    assert eight / two == pytest.approx(4 * (7 / 8) / (1 / 2), rel=0.1)


def test_latency_grows_by_rank_to_eight_then_by_doubling() -> None:
    assert collective.growth(2.0, 0.1) == 1
    assert collective.growth(8.0, 0.1) == pytest.approx(1.6)
    assert collective.growth(16.0, 0.1) == pytest.approx(1.9)
    assert collective.growth(72.0, 0.1) < 3


@given(st.floats(1.0, 1e9))
def test_the_next_stage_in_the_same_domain_is_nearer(message_bytes: float) -> None:
    machine = Machine(H200, SGLANG, shipped())
    near, far = (
        collective.point_to_point_cost(PointToPoint(role="test", message_bytes=message_bytes, stride=stride), machine)
        for stride in (4.0, 8.0)
    )
    assert near.seconds < far.seconds
