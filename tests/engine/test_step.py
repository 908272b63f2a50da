"""A step is the sum of its lines, grows with its work, and never beats the speed of light."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assay.engine.bound import bound
from assay.engine.deployment import Deployment, Speculation
from assay.engine.step import decode_step, mixed_prefill_s, prefill_step
from assay.llm.layout import Layout
from tests.engine.deployments import DENSE, EXPERTS, LATENT, deployment

CASES = [
    pytest.param(deployment(DENSE), id="dense TP8"),
    pytest.param(deployment(LATENT, "h200-sxm", "sglang", Layout(tp=1, dp=8, ep=8)), id="MLA, DP8 EP8"),
    pytest.param(deployment(LATENT, "h20-96gb", "sglang", Layout(tp=4, dp=4, ep=16, all_to_all=True)), id="EP16"),
    pytest.param(deployment(EXPERTS, "b200-sxm", "trtllm", Layout(tp=4, ep=4)), id="MoE, TP4 EP4"),
    pytest.param(deployment(EXPERTS, "ascend-910c", "vllm-ascend", Layout(tp=4, pp=2)), id="Ascend, TP4 PP2"),
]


@pytest.mark.parametrize("case", CASES)
def test_lines_add_up_to_the_step(case: Deployment) -> None:
    for step in (decode_step(case, 32, 4096), prefill_step(case, 2, 4096, coincident=True)):
        assert sum(float(line.seconds) for line in step.lines) == pytest.approx(float(step.seconds))
        assert float(step.variable_s) + float(step.floor_s) == pytest.approx(float(step.seconds))


@pytest.mark.parametrize("case", CASES)
@settings(max_examples=15)
@given(sequences=st.integers(1, 300), more=st.integers(1, 100), context=st.integers(1, 30_000))
def test_more_sequences_and_longer_contexts_are_never_faster(
    case: Deployment, sequences: int, more: int, context: int
) -> None:
    base = float(decode_step(case, sequences, context).seconds)
    # two-batch overlap sets in from two sequences on, and may then save time
    if not np.any(case.layout.all_to_all) or sequences >= 2:
        assert float(decode_step(case, sequences + more, context).seconds) >= base * (1 - 1e-9)
    assert float(decode_step(case, sequences, context + 64 * more).seconds) >= base * (1 - 1e-9)


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize(("sequences", "context"), [(1, 128), (16, 4096), (256, 32_768)])
def test_no_step_beats_the_speed_of_light(case: Deployment, sequences: int, context: int) -> None:
    limits = bound(case, decode_step(case, sequences, context), capacity_bound=False)
    assert 0 < limits.roofline_fraction <= 1
    assert 0 < limits.utilisation.value <= 1
    assert limits.bound_by == max(limits.shares, key=lambda limit: limits.shares[limit])


@pytest.mark.parametrize("better", ["bandwidth_bytes_per_s", "link_bytes_per_s", "nic_bytes_per_s"])
def test_a_better_chip_is_never_slower(better: str) -> None:
    layout = Layout(tp=1, dp=16, ep=16, all_to_all=True)
    base = deployment(LATENT, "h20-96gb", "sglang", layout)
    faster = deployment(LATENT, "h20-96gb", "sglang", layout, **{better: 2 * getattr(base.silicon, better)})
    for step in (lambda case: decode_step(case, 48, 4096), lambda case: prefill_step(case, 4, 4096)):
        assert float(step(faster).seconds) <= float(step(base).seconds) * (1 + 1e-9)


def test_arrays_of_layouts_equal_one_layout_at_a_time() -> None:
    sizes = [(1, 8, 8, 1, False), (8, 1, 1, 1, False), (8, 1, 8, 1, False), (2, 4, 8, 1, True), (4, 1, 4, 2, False)]
    tp, dp, ep, pp, exchange = (np.array(column)[:, np.newaxis] for column in zip(*sizes, strict=True))
    together = Layout(tp=tp, dp=dp, ep=ep, pp=pp, all_to_all=exchange)
    batches = np.array([[1.0, 7.0, 64.0]])
    whole = decode_step(deployment(LATENT, "h200-sxm", "sglang", together), batches, 4096).seconds
    filled = prefill_step(deployment(LATENT, "h200-sxm", "sglang", together), 1.0, 4096, coincident=True).seconds
    for row, size in enumerate(sizes):
        alone = deployment(LATENT, "h200-sxm", "sglang", Layout(*size))
        for column, batch in enumerate(batches[0]):
            assert np.asarray(whole)[row, column] == pytest.approx(float(decode_step(alone, batch, 4096).seconds))
        expected = float(prefill_step(alone, 1.0, 4096, coincident=True).seconds)
        assert np.asarray(filled)[row, 0] == pytest.approx(expected)


def test_overlap_hides_time_and_never_adds_any() -> None:
    layout = Layout(tp=1, dp=32, ep=32, all_to_all=True)
    overlapping = deployment(LATENT, "h800-sxm", "sglang", layout)
    serial = deployment(LATENT, "h800-sxm", "trtllm", layout)
    assert any(line.role == "overlap.hidden" for line in prefill_step(overlapping, 4, 4096).lines)
    assert not any(line.role == "overlap.hidden" for line in prefill_step(serial, 4, 4096).lines)
    for sequences in (1, 2, 16, 128):
        step = decode_step(overlapping, sequences, 4096)
        whole = sum(max(float(line.seconds), 0.0) for line in step.lines)
        assert float(step.seconds) <= whole * (1 + 1e-9)


def test_a_cached_prefix_saves_time() -> None:
    case = deployment(DENSE)
    assert float(prefill_step(case, 1, 2048, 2048).seconds) < float(prefill_step(case, 1, 4096).seconds)
    assert float(prefill_step(case, 1, 2048, 2048).seconds) > float(prefill_step(case, 1, 2048).seconds)


def test_a_mixed_prefill_costs_less_than_a_prefill_of_its_own() -> None:
    case = deployment(DENSE)
    for sequences in (1, 32, 256):
        added = float(mixed_prefill_s(case, sequences, 4096))
        assert 0 < added <= float(prefill_step(case, 1, 4096).seconds)


def test_drafting_costs_time_and_pays_by_acceptance() -> None:
    plain = deployment(LATENT, "h20-96gb", "sglang", Layout(tp=8))
    drafting = deployment(LATENT, "h20-96gb", "sglang", Layout(tp=8), Speculation(1, 1.85))
    plain_s, drafting_s = (float(decode_step(case, 8, 4096).seconds) for case in (plain, drafting))
    assert plain_s < drafting_s < 1.85 * plain_s
