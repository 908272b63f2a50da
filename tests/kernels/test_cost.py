"""What every operator family promises, whatever the shape, the chip and the software."""

from dataclasses import fields, replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from assay.kernels.coefficients import Coefficients, shipped
from assay.kernels.cost import COSTS, cost
from assay.kernels.grade import FAMILIES
from assay.kernels.silicon import Silicon
from assay.kernels.software import Software
from assay.kernels.speed_of_light import LINK_SECONDS, WORK, speed_of_light_s
from assay.llm import operator as op

from .machines import H20, H200, SGLANG, STRATEGIES, chips, operators, stacks

GROWS_WITH = {
    op.Gemm: ("m", "n", "k"),
    op.PrefillAttention: ("batch", "new_tokens", "cached_tokens", "heads", "kv_heads"),
    # kv_heads: 16-row tiles pad the query heads of each KV head, so 48 heads over 3 KV heads beat 48 over 2.
    op.DecodeAttention: ("batch", "kv_tokens", "queries", "heads"),
    op.LatentPrefillAttention: ("batch", "new_tokens", "cached_tokens", "heads"),
    op.LatentDecodeAttention: ("batch", "kv_tokens", "queries", "heads"),
    # Left out below: axes that add CTAs without adding as many bytes, for more cores then share the same load.
    op.LatentBmm: (),
    op.SparseLatentAttention: ("batch", "kv_tokens"),
    op.IndexerLogits: (),
    op.TopK: ("queries", "candidates"),
    op.CompressedAttention: ("batch", "keys"),
    # new_tokens at the same mean of keys: a longer step has more queries that see fewer keys than they may choose.
    op.BlockSparseAttention: ("batch", "heads"),
    op.LinearAttention: ("batch", "new_tokens"),
    op.CausalConv: ("batch",),
    op.StateSpaceScan: ("batch", "new_tokens"),
    op.HyperConnection: ("hidden",),
    # active_experts: the same rows over more experts load narrower tiles.
    op.Moe: ("tokens", "pairs", "hidden", "intermediate"),
    op.Elementwise: ("traffic_bytes", "launches"),
    op.Collective: ("message_bytes",),
    op.ExpertAllToAll: ("tokens", "hidden"),
    op.PointToPoint: ("message_bytes",),
}
"""Axes along which time never falls; where one is missing, its tiling is the reason."""


def seconds(operator: op.Operator, silicon: Silicon, software: Software = SGLANG) -> float:
    return float(cost(operator, silicon, software).seconds)


def test_every_operator_has_a_cost() -> None:
    declared = {kind for kind in vars(op).values() if isinstance(kind, type) and issubclass(kind, op.Operator)}
    assert set(COSTS) == set(STRATEGIES) == set(WORK) | set(LINK_SECONDS) == set(FAMILIES) == declared - {op.Operator}


@given(operators, chips, stacks)
def test_costs_are_finite_positive_and_never_beat_light(
    operator: op.Operator, silicon: Silicon, software: Software
) -> None:
    price = cost(operator, silicon, software)
    assert np.isfinite(price.variable_s)
    assert price.variable_s >= 0
    assert price.floor_s >= 0
    assert price.seconds >= speed_of_light_s(operator, silicon) * (1 - 1e-12)


@pytest.mark.parametrize("kind", STRATEGIES, ids=lambda kind: kind.__name__)
@given(data=st.data())
def test_more_work_is_never_faster(kind: type[op.Operator], data: st.DataObject) -> None:
    operator = data.draw(STRATEGIES[kind])
    silicon, software = data.draw(chips), data.draw(stacks)
    for axis in GROWS_WITH[kind]:
        value = getattr(operator, axis)
        added = value if axis in ("heads", "kv_heads") else data.draw(st.integers(0, int(value) * 3 + 3))
        larger = replace(operator, **{axis: value + added})
        assert seconds(larger, silicon, software) >= seconds(operator, silicon, software) * (1 - 1e-9), axis


@given(operators, chips, stacks, st.floats(1.0, 8.0))
def test_more_bandwidth_is_never_slower(
    operator: op.Operator, silicon: Silicon, software: Software, factor: float
) -> None:
    faster = replace(silicon, bandwidth_bytes_per_s=silicon.bandwidth_bytes_per_s * factor)
    assert seconds(operator, faster, software) <= seconds(operator, silicon, software) * (1 + 1e-9)


@given(operators, chips, stacks, st.floats(1.0, 8.0))
def test_more_peak_compute_is_never_slower(
    operator: op.Operator, silicon: Silicon, software: Software, factor: float
) -> None:
    faster = replace(silicon, peaks={format: peak * factor for format, peak in silicon.peaks.items()})
    assert seconds(operator, faster, software) <= seconds(operator, silicon, software) * (1 + 1e-9)


@given(operators, chips, stacks, st.floats(1.0, 8.0))
def test_faster_links_are_never_slower(
    operator: op.Operator, silicon: Silicon, software: Software, factor: float
) -> None:
    faster = replace(
        silicon,
        link_bytes_per_s=silicon.link_bytes_per_s * factor,
        pair_bytes_per_s=silicon.pair_bytes_per_s * factor,
        nic_bytes_per_s=silicon.nic_bytes_per_s * factor,
    )
    assert seconds(operator, faster, software) <= seconds(operator, silicon, software) * (1 + 1e-9)


@pytest.mark.parametrize("kind", STRATEGIES, ids=lambda kind: kind.__name__)
@given(data=st.data())
def test_an_array_is_its_elements(kind: type[op.Operator], data: st.DataObject) -> None:
    """All numeric fields that may be arrays, at once, against a loop."""
    few = data.draw(st.lists(STRATEGIES[kind], min_size=2, max_size=4))
    vectors = [field.name for field in fields(kind) if "Number" in str(field.type) and field.name != "count"]
    together = replace(few[0], **{name: np.array([getattr(one, name) for one in few]) for name in vectors})
    silicon, software = data.draw(chips), data.draw(stacks)
    price = cost(together, silicon, software)
    for index, one in enumerate(few):
        alone = cost(replace(few[0], **{name: getattr(one, name) for name in vectors}), silicon, software)
        assert np.broadcast_to(price.variable_s, len(few))[index] == pytest.approx(float(alone.variable_s), rel=1e-9)
        assert np.broadcast_to(price.floor_s, len(few))[index] == pytest.approx(float(alone.floor_s), rel=1e-9)


def test_another_fit_can_be_passed_along() -> None:
    gemm = op.Gemm(role="test", m=1.0, n=4096.0, k=4096.0)
    family = shipped().family("gemm_bf16")
    slower = replace(family, overall={**family.overall, "t0": 1.0})
    refit: Coefficients = shipped().with_families({"gemm_bf16": slower})
    assert cost(gemm, H200, SGLANG, refit).floor_s > 0.5
    assert cost(gemm, H200, SGLANG).floor_s < 1e-4


def test_a_chip_with_little_compute_is_slow_where_compute_binds_and_not_where_memory_does() -> None:
    prefill = op.Gemm(role="test", m=8192.0, n=4096.0, k=4096.0)
    decode = op.Gemm(role="test", m=1.0, n=28672.0, k=8192.0)
    assert seconds(prefill, H20) > 5 * seconds(prefill, H200)
    assert seconds(decode, H20) < 2.5 * seconds(decode, H200)
