"""Workloads made of workloads."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from assay.core.errors import UsageError
from assay.serving.traffic.requests import Requests
from assay.serving.traffic.select import at_rate, first, window

GAPS = st.lists(st.integers(0, 10), min_size=1, max_size=30)


def requests_at(gaps_s: list[int], *, blocks: bool = True) -> Requests:
    """Requests that tell their index by every column."""
    index = np.arange(len(gaps_s))
    ids = tuple((int(one),) for one in index) if blocks else ()
    return Requests(np.cumsum(gaps_s).astype(float), index + 1, index + 101, index, ids, 64)


def indices(requests: Requests) -> list[int]:
    """The index of each request, told alike by every column."""
    index = requests.session
    assert (requests.input_tokens == index + 1).all()
    assert (requests.output_tokens == index + 101).all()
    assert requests.blocks in ((), tuple((one,) for one in index.tolist()))
    assert requests.block_tokens == 64
    return index.tolist()


@given(GAPS, st.floats(1e-9, 1e9))
def test_another_rate_divides_times_and_leaves_the_rest(gaps_s: list[int], factor: float) -> None:
    requests = requests_at(gaps_s)
    faster = at_rate(requests, factor)
    assert faster.arrival_s * factor == pytest.approx(requests.arrival_s)
    assert indices(faster) == [*range(len(gaps_s))]
    assert len(faster.blocks) == len(gaps_s)


@given(GAPS, st.integers(1, 40), st.booleans())
def test_the_first_requests_are_the_first(gaps_s: list[int], count: int, blocks: bool) -> None:
    requests = requests_at(gaps_s, blocks=blocks)
    some = first(requests, count)
    assert indices(some) == [*range(min(count, len(gaps_s)))]
    assert (some.arrival_s == requests.arrival_s[:count]).all()
    assert len(some.blocks) == (len(some) if blocks else 0)


@given(GAPS, st.integers(0, 100), st.integers(1, 100), st.booleans())
def test_a_window_holds_what_arrives_in_it(gaps_s: list[int], begin_s: int, length_s: int, blocks: bool) -> None:
    requests = requests_at(gaps_s, blocks=blocks)
    inside = [index for index, at_s in enumerate(requests.arrival_s.tolist()) if begin_s <= at_s < begin_s + length_s]
    if not inside:
        with pytest.raises(UsageError, match="no request arrives"):
            window(requests, begin_s, begin_s + length_s)
        return
    found = window(requests, begin_s, begin_s + length_s)
    assert indices(found) == inside
    assert (found.arrival_s == requests.arrival_s[inside] - begin_s).all()


def test_a_window_may_last_for_ever() -> None:
    assert len(window(requests_at([0, 1, 2]), 1, float("inf"))) == 2


@pytest.mark.parametrize("factor", [0, -1, float("nan"), float("inf")])
def test_a_rate_that_is_none_is_refused(factor: float) -> None:
    with pytest.raises(UsageError, match="times the rate"):
        at_rate(requests_at([0]), factor)


@pytest.mark.parametrize(("begin_s", "end_s"), [(-1, 5), (5, 5), (6, 5), (float("nan"), 5), (0, float("nan"))])
def test_a_window_that_is_none_is_refused(begin_s: float, end_s: float) -> None:
    with pytest.raises(UsageError, match="a window from"):
        window(requests_at([0]), begin_s, end_s)


def test_the_first_0_requests_are_refused() -> None:
    with pytest.raises(UsageError, match="the first 0 requests"):
        first(requests_at([0]), 0)
