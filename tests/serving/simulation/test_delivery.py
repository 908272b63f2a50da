"""Tokens that leave in bundles."""

from __future__ import annotations

import numpy as np
import pytest

from assay.serving.simulation.cluster import Cluster, Load, Pool, run
from assay.serving.simulation.delivery import streamed
from assay.serving.simulation.limits import Limits
from assay.serving.traffic.requests import Requests
from tests.serving.simulation.test_instance import Bent

POOL = Pool(Bent(0.02, 1e-4), Limits(kv_blocks=10_000, block_tokens=4, chunk_tokens=40, interference="alternate"))


def test_the_first_bundle_leaves_with_its_last_token() -> None:
    random = np.random.default_rng(2)
    requests = Requests(
        np.cumsum(random.exponential(0.3, 40)), random.integers(1, 90, 40), random.integers(1, 60, 40), np.full(40, -1)
    )
    served = run(Cluster((POOL,)), Load(requests))
    seen = streamed(served, 8)
    # The eighth token is the last one of the same request cut to eight tokens: later ones change nothing before it...
    assert (seen.first_token_s >= served.first_token_s).all()
    assert (seen.first_token_s <= served.finish_s).all()
    short = requests.output_tokens <= 8
    assert seen.first_token_s[short] == pytest.approx(served.finish_s[short])
    assert (seen.first_token_s[~short] > served.first_token_s[~short]).all()
    assert streamed(served, 1) is served


def test_alone_it_is_a_sum_of_steps() -> None:
    requests = Requests(np.zeros(1), np.array([20]), np.array([50]), np.array([-1]))
    served = run(Cluster((POOL,)), Load(requests))
    seen = streamed(served, 11)
    steps = [POOL.steps.decode(1, 21.0 + step) for step in range(10)]
    spent_s = sum(line.base_s + line.per_token_s * (21.0 + step) for step, line in enumerate(steps))
    assert seen.first_token_s[0] - served.first_token_s[0] == pytest.approx(spent_s, rel=1e-9)
    # With two tokens a step, half as many steps.
    assert streamed(served, 11, 2.0).first_token_s[0] == pytest.approx(streamed(served, 6).first_token_s[0])
