"""State over time."""

from __future__ import annotations

import json

import numpy as np
import pytest

from assay.core.errors import UsageError
from assay.serving.results.bursts import by_pool
from assay.serving.results.metrics import summary
from assay.serving.results.over_time import over_time
from tests.serving.results.runs import LIMITS, apart, crowd, requests, serve


@pytest.mark.parametrize("points", [1, 7, 200])
def test_means_over_the_grid_are_those_over_the_time(points: int) -> None:
    served = crowd()
    columns = over_time(served, [LIMITS], points)
    (pool,) = columns.pools
    assert len(columns.time_s) == len(pool.queue) == len(pool.batch) == len(pool.kv_share) == points
    assert pool.queue.mean() == pytest.approx(summary(served, [LIMITS], 1).pools[0].mean_queue)
    batch_s = sum(float(np.dot(each.batch, each.duration_s)) for each in by_pool(served, [LIMITS])[0])
    assert pool.batch.mean() == pytest.approx(batch_s / served.duration_s)
    assert np.all((pool.kv_share >= 0) & (pool.kv_share <= 1))


def test_the_batch_is_what_decodes_at_a_moment() -> None:
    # Two prompts of 40 ms on two replicas, then 0.8 s and 0.4 s of decoding.
    served = serve(requests([0.0, 0.0], [40, 40], [81, 41]), replicas=2)
    columns = over_time(served, [LIMITS], 84)
    expected = np.where(columns.time_s < 0.04 - 1e-9, 0, np.where(columns.time_s < 0.44 - 1e-9, 2, 1))
    assert columns.pools[0].batch == pytest.approx(expected)
    assert columns.pools[0].kv_share[:4] == pytest.approx(2 * 10 / 2000)  # 40 tokens each, in blocks of 4
    assert columns.pools[0].queue == pytest.approx(np.zeros(84))


def test_pools_have_columns_of_their_own_and_json() -> None:
    served, limits = apart()
    shown = json.loads(json.dumps(over_time(served, limits, 5).as_dict(), allow_nan=False))
    assert [pool["name"] for pool in shown["pools"]] == ["prefill", "decode"]
    assert {len(pool[key]) for pool in shown["pools"] for key in ("queue_requests", "batch", "kv_share")} == {5}
    assert shown["time_s"][0] == served.sent_s.min()


def test_a_grid_has_points() -> None:
    with pytest.raises(UsageError, match="0 points"):
        over_time(crowd(), [LIMITS], 0)
