"""What fits into memory."""

from __future__ import annotations

import numpy as np
import pytest

from assay.engine.memory import memory_use
from assay.llm.layout import Layout
from tests.engine.deployments import DENSE, LATENT, deployment


def test_r1_needs_more_than_four_h200() -> None:
    four, eight = (memory_use(deployment(LATENT, "h200-sxm", "sglang", Layout(tp=n)), 4096, 1024) for n in (4, 8))
    assert float(four.sequences) == 0
    assert float(eight.sequences) > 100
    assert float(eight.weights_bytes) == pytest.approx(671e9 / 8, rel=0.06)


def test_capacity_is_memory_left_over_a_sequence() -> None:
    use = memory_use(deployment(DENSE, layout=Layout(tp=2)), 4096, 1024)
    assert float(use.sequences) == pytest.approx(float(use.kv_bytes) / float(use.kv_bytes_per_sequence))
    assert float(use.kv_bytes) <= float(use.usable_bytes)


def test_longer_requests_leave_room_for_fewer() -> None:
    use = memory_use(deployment(DENSE), np.array([1024, 4096, 16_384]), 1024)
    assert np.all(np.diff(use.sequences) < 0)


def test_stages_and_tensor_parallelism_share_the_weights() -> None:
    whole = float(memory_use(deployment(DENSE, layout=Layout(tp=1)), 1024, 1024).weights_bytes)
    for layout in (Layout(tp=4), Layout(pp=4), Layout(tp=2, pp=2)):
        assert float(memory_use(deployment(DENSE, layout=layout), 1024, 1024).weights_bytes) < whole / 3
