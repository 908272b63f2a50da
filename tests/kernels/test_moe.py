from dataclasses import replace

from assay.kernels import moe
from assay.kernels.coefficients import shipped
from assay.kernels.machine import Machine
from assay.llm.operator import Moe

from .machines import B200, H200, SGLANG

EXPERTS = Moe(
    role="test",
    tokens=64.0,
    pairs=512.0,
    active_experts=200.0,
    local_experts=256.0,
    hidden=7168.0,
    intermediate=256.0,
    format="fp8_block",
)


def test_streaming_weights_takes_longer_the_more_experts_are_active() -> None:
    machine = Machine(H200, SGLANG, shipped())
    few, many = (moe.cost(replace(EXPERTS, active_experts=active), machine).seconds for active in (20.0, 200.0))
    assert many > 4 * few


def test_kernels_behind_an_all_to_all_have_coefficients_of_their_own() -> None:
    machine = Machine(H200, SGLANG, shipped())
    exchanged = replace(EXPERTS, all_to_all=True, phase="prefill")
    assert moe.family(EXPERTS, machine) == "moe_fp8_block"
    assert moe.family(exchanged, machine) == "moe_ep_prefill"
    assert moe.cost(exchanged, machine).floor_s > moe.cost(EXPERTS, machine).floor_s
    assert moe.family(replace(exchanged, format="bf16"), machine) == "moe_bf16"


def test_formats_without_measurements_are_known_as_such() -> None:
    machine = Machine(B200, SGLANG, shipped())
    assert moe.family(replace(EXPERTS, format="int8"), machine) is None
    assert moe.cost(replace(EXPERTS, format="int8"), machine).seconds > 0


def test_skewed_routing_reaches_fewer_experts() -> None:
    theta = shipped().theta("moe_bf16", "hopper")
    assert moe.active_experts(256, 256, 8, theta, skewed=True) < moe.active_experts(256, 256, 8, theta, skewed=False)
    assert moe.active_experts(0, 256, 8, theta, skewed=True) >= 1
