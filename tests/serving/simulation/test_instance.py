"""The jumping scheduler against the one that walks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import inf

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assay.serving.simulation.instance import Instance
from assay.serving.simulation.limits import Limits
from assay.serving.simulation.sequence import Sequence as Served
from assay.serving.simulation.steps import Chunk, Line
from assay.serving.traffic.requests import Requests
from tests.serving.simulation.naive import Naive

KNOTS = (40.0, 200.0, inf)


@dataclass(frozen=True)
class Bent:
    """Step times with bends in context and batch, as real ones have."""

    base_s: float
    slope_s: float
    ranks: int = 1
    stages: int = 1

    def decode(self, batch: int, context: float) -> Line:
        base_s, start = self.base_s * (1.0 + 0.01 * batch), 0.0
        for place, upto in enumerate(KNOTS):
            slope_s = self.slope_s * batch * (1.0 + place)
            if context < upto:
                return Line(base_s - slope_s * start, slope_s, upto)
            base_s += slope_s * (upto - start)
            start = upto
        raise AssertionError

    def prefill_s(self, chunks: Sequence[Chunk], batch: int) -> float:
        floor_s = 0.0 if batch else self.base_s
        return floor_s + sum(1e-4 * tokens + 1e-6 * tokens * (cached + tokens / 2) for tokens, cached in chunks)


def walk(steps: Bent, limits: Limits, requests: Requests) -> tuple[list[tuple[float, float, int]], Naive]:
    naive = Naive(steps, limits, requests.block_tokens if requests.blocks else 0)
    jobs = naive.run(requests)
    return [(job.first_s or 0.0, job.finish_s or 0.0, job.preemptions) for job in jobs], naive


def jump(steps: Bent, limits: Limits, requests: Requests) -> tuple[list[tuple[float, float, int]], Instance]:
    instance = Instance(steps, limits, requests.block_tokens if requests.blocks else 0)
    sequences = [
        Served(index, int(size), int(answer), requests.blocks[index] if requests.blocks else ())
        for index, (size, answer) in enumerate(zip(requests.input_tokens, requests.output_tokens, strict=True))
    ]
    finish_s, upcoming = [0.0] * len(requests), 0
    first_s: dict[int, float] = {}
    while upcoming < len(requests) or instance.due < inf:
        arrival_s = float(requests.arrival_s[upcoming]) if upcoming < len(requests) else inf
        if arrival_s <= instance.due:
            instance.submit(sequences[upcoming], arrival_s)
            upcoming += 1
        elif instance.awake:
            instance.plan()
        else:
            for each in instance.complete():
                finish_s[each.index] = instance.clock
            assert 0 <= instance.cache.used <= limits.kv_blocks
        for index, when_s, _ in instance.first_token_s:
            assert index not in first_s
            first_s[index] = when_s
        instance.first_token_s.clear()
    return [(first_s[each.index], finish_s[each.index], each.preemptions) for each in sequences], instance


@st.composite
def loads(draw: st.DrawFn) -> Requests:
    count = draw(st.integers(1, 24))
    gaps = draw(st.lists(st.sampled_from([0.0, 0.0, 0.01, 0.3, 4.0]), min_size=count, max_size=count))
    inputs = draw(st.lists(st.integers(1, 90), min_size=count, max_size=count))
    outputs = draw(st.lists(st.integers(1, 60), min_size=count, max_size=count))
    blocks: tuple[tuple[int, ...], ...] = ()
    if draw(st.booleans()):
        heads = draw(st.lists(st.integers(0, 2), min_size=count, max_size=count))
        shared = draw(st.lists(st.integers(0, 10), min_size=count, max_size=count))
        blocks = tuple(
            tuple((head * 100 + at) if at < common else (1000 + place * 50 + at) for at in range(size // 8))
            for place, (head, common, size) in enumerate(zip(heads, shared, inputs, strict=True))
        )
    return Requests(
        np.cumsum(np.array(gaps)), np.array(inputs), np.array(outputs), np.full(count, -1), blocks, block_tokens=8
    )


@st.composite
def limits(draw: st.DrawFn) -> Limits:
    return Limits(
        kv_blocks=draw(st.sampled_from([39, 45, 60, 100, 10_000])),
        block_tokens=4,
        max_num_seqs=draw(st.sampled_from([1, 3, 64])),
        chunk_tokens=draw(st.sampled_from([16, 50, 400])),
        interference=draw(st.sampled_from(["mixed", "alternate"])),
        order=draw(st.sampled_from(["fcfs", "shortest"])),
        prefix_caching=draw(st.booleans()),
        accepted_tokens=draw(st.sampled_from([Fraction(1), Fraction(1), Fraction(5, 2), Fraction(17, 10)])),
        draft_tokens=draw(st.sampled_from([0, 2])),
        recv_interval_steps=draw(st.sampled_from([1, 1, 3])),
    )


STEPS = st.builds(
    Bent,
    st.sampled_from([1e-3, 0.02]),
    st.sampled_from([0.0, 1e-6, 1e-4]),
    st.sampled_from([1, 4]),
    st.sampled_from([1, 2]),
)


@settings(max_examples=3000)
@given(steps=STEPS, limits=limits(), requests=loads())
def test_jumping_equals_walking(steps: Bent, limits: Limits, requests: Requests) -> None:
    walked, naive = walk(steps, limits, requests)
    jumped, instance = jump(steps, limits, requests)
    assert [each[2] for each in jumped] == [each[2] for each in walked]
    for ours, theirs in zip(jumped, walked, strict=True):
        assert ours[:2] == pytest.approx(theirs[:2], rel=1e-9, abs=1e-9)
    assert naive.generated >= requests.output_tokens.sum()
    assert instance.cache.used == 0
    assert naive.cache.used == 0
