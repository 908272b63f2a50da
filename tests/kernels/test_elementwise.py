import pytest

from assay.kernels import elementwise
from assay.kernels.coefficients import shipped
from assay.kernels.machine import Machine
from assay.llm.operator import Elementwise

from .machines import B200, H200, SGLANG


def test_each_launch_pays_the_floor_and_the_traffic_is_paid_once() -> None:
    machine = Machine(H200, SGLANG, shipped())
    one, three = (
        elementwise.cost(Elementwise(role="test", traffic_bytes=1e9, launches=launches), machine)
        for launches in (1.0, 3.0)
    )
    assert three.floor_s == pytest.approx(3 * one.floor_s)
    assert three.variable_s == one.variable_s


def test_bandwidth_efficiency_is_bounded() -> None:
    """The fit left L2 hits in eta: 1.35 on Blackwell."""
    price = elementwise.cost(Elementwise(role="test", traffic_bytes=1e9), Machine(B200, SGLANG, shipped()))
    assert price.variable_s == pytest.approx(1e9 / (0.95 * B200.bandwidth_bytes_per_s))


def test_the_measured_kernel_is_bound_by_its_loads_under_sglang() -> None:
    theta = shipped().theta("element_wise", "hopper", "sglang")
    assert elementwise.time(1e8, theta, H200).variable_s > 1e8 / (0.5 * H200.bandwidth_bytes_per_s)
    assert elementwise.time(1e6, theta, H200, warm=True).seconds <= elementwise.time(1e6, theta, H200).seconds
