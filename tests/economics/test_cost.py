"""Token costs: monotone, ordered, and the two ways of saying them earn the same."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assay.core.interval import Interval
from assay.economics.cost import token_cost

rates = st.builds(Interval.spread, st.floats(0.05, 50.0), st.floats(0.0, 1.0), st.floats(0.0, 1.0))
throughputs = st.builds(Interval.spread, st.floats(1.0, 1e5), st.floats(0.0, 1.0), st.floats(0.0, 1.0))
tokens = st.integers(1, 100_000)
shares = st.floats(0.0, 1.0)


@given(rates, throughputs, tokens, tokens, shares)
def test_intervals_are_ordered(rate: Interval, speed: Interval, isl: int, osl: int, share: float) -> None:
    cost = token_cost(rate, speed, input_tokens=isl, output_tokens=osl, prefill_share=share)
    for usd in (
        cost.usd_per_million_output_tokens,
        cost.input_usd_per_million_tokens,
        cost.output_usd_per_million_tokens,
    ):
        assert 0 <= usd.low <= usd.value <= usd.high


@given(rates, throughputs, st.floats(1.01, 10.0))
def test_a_token_costs_less_at_more_throughput_and_more_at_a_higher_rate(
    rate: Interval, speed: Interval, factor: float
) -> None:
    def usd(rate: Interval, speed: Interval) -> Interval:
        cost = token_cost(rate, speed, input_tokens=4096, output_tokens=1024, prefill_share=0.3)
        return cost.usd_per_million_output_tokens

    base = usd(rate, speed)
    faster, dearer = usd(rate, speed.scale(factor)), usd(rate.scale(factor), speed)
    assert faster.value < base.value < dearer.value
    assert faster.high < base.high < dearer.high
    assert faster.low < base.low < dearer.low


@given(rates, throughputs, tokens, tokens, shares)
def test_split_prices_earn_what_output_alone_earns(
    rate: Interval, speed: Interval, isl: int, osl: int, share: float
) -> None:
    cost = token_cost(rate, speed, input_tokens=isl, output_tokens=osl, prefill_share=share)
    split = cost.input_usd_per_million_tokens.value * isl + cost.output_usd_per_million_tokens.value * osl
    assert split == pytest.approx(cost.usd_per_million_output_tokens.value * osl)


def test_worked_example() -> None:
    rate, speed = Interval.exact(3.60), Interval.exact(1000.0)
    cost = token_cost(rate, speed, input_tokens=4000, output_tokens=1000, prefill_share=0.25)
    assert cost.usd_per_million_output_tokens.value == pytest.approx(1.0)
    assert cost.input_usd_per_million_tokens.value == pytest.approx(0.0625)
    assert cost.output_usd_per_million_tokens.value == pytest.approx(0.75)
