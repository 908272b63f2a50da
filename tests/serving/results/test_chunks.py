"""Gaps of single requests."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings

from assay.serving.results.chunks import Chunks
from assay.serving.results.metrics import summary
from assay.serving.simulation.cluster import Cluster, Failure, Load, Pool, run
from assay.serving.traffic.requests import Requests
from tests.serving.results.runs import LIMITS, Flat, Witness, apart, asked, crowd, serve
from tests.serving.simulation.test_instance import Bent


@settings(max_examples=150)
@given(asked())
def test_gaps_are_those_of_a_scheduler_that_walks(load: Requests) -> None:
    tokens_s = Witness(Bent(0.01, 1e-5), LIMITS, 0).tokens_s(load)
    chunks = Chunks(serve(load, steps=Bent(0.01, 1e-5)), [LIMITS])
    for index, each in enumerate(tokens_s):
        assert chunks.gaps_s(index) == pytest.approx(np.diff(each), abs=1e-8)


@pytest.mark.parametrize("accepted", [Fraction(1), Fraction(5, 2)])
@pytest.mark.parametrize("kv_blocks", [40, 1000])
def test_gaps_add_up(accepted: Fraction, kv_blocks: int) -> None:
    limits = replace(LIMITS, accepted_tokens=accepted, kv_blocks=kv_blocks)
    served = crowd(limits=limits)
    chunks = Chunks(served, [limits])
    for index in range(len(served.requests)):
        gaps_s = chunks.gaps_s(index)
        assert gaps_s.sum() == pytest.approx(served.finish_s[index] - served.first_token_s[index], abs=1e-9)
        assert np.all(gaps_s >= 0)
        assert len(gaps_s) <= served.requests.output_tokens[index] - 1


def test_gaps_add_up_after_a_failure() -> None:
    load = crowd().requests
    cluster = Cluster((Pool(Flat(), LIMITS, 2),), failures=(Failure(1.0, 0, 0, 0.5), Failure(2.0, 0, 1, 0.1)))
    served = run(cluster, Load(load))
    chunks = Chunks(served, [LIMITS])
    for index in range(len(load)):
        assert chunks.gaps_s(index).sum() == pytest.approx(served.finish_s[index] - served.first_token_s[index])
    (use,) = summary(served, [LIMITS], 1).pools
    assert 0.0 < use.busy_share <= 1.0
    assert 0.0 < use.peak_kv_share <= 1.0


def test_decode_pools_stream() -> None:
    served, limits = apart()
    chunks = Chunks(served, limits)
    assert [len(chunks.gaps_s(index)) for index in range(4)] == [4, 0, 8, 1]
    assert chunks.gaps_s(3) == pytest.approx([0.01])
