"""Power: monotone in load, never above full power, from the best figure that is known."""

import dataclasses
import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assay.catalogue.chip import chip, chip_ids
from assay.catalogue.node import node_of
from assay.core.interval import Interval
from assay.economics.energy import joule_per_token, power

TODAY = datetime.date(2026, 11, 23)
loads = st.floats(0.0, 1.0).map(Interval.exact)


@given(st.sampled_from(chip_ids()), st.sampled_from(["US", "CN", "NO"]), loads, loads)
def test_more_load_draws_more_power_up_to_full_power(id: str, place: str, one: Interval, other: Interval) -> None:
    some, node = chip(id), node_of(id)
    light, heavy = sorted((one, other), key=lambda load: load.value)
    low, high, full = (
        power(some, node, place=place, as_of=TODAY, utilisation=load).w for load in (light, heavy, Interval.exact(1.0))
    )
    if low is None or high is None or full is None:
        assert power(some, node, place=place, as_of=TODAY).reason
        return
    assert 0 < low.low <= low.value <= low.high
    assert low.value <= high.value <= full.value * (1 + 1e-12)
    assert low.value >= 0.3 * full.value * (1 - 1e-12)


def test_a_published_all_in_figure_is_taken_as_it_is() -> None:
    full = power(chip("h100-sxm"), node_of("h100-sxm"), as_of=TODAY)
    assert full.w is not None
    assert full.w.value == pytest.approx(1730.0)


def test_before_the_all_in_figure_the_node_gives_the_power() -> None:
    node = node_of("h100-sxm")
    assert node is not None
    assert node.power_w is not None
    assert node.power_chips is not None
    full = power(chip("h100-sxm"), node, as_of=datetime.date(2025, 6, 1))
    assert full.w is not None
    assert full.w.value == pytest.approx(node.power_w / node.power_chips * 1.3)


def test_without_a_node_the_tdp_gives_the_power() -> None:
    full = power(chip("l40s"), None, as_of=TODAY)
    assert full.w is not None
    assert full.w.value == pytest.approx(350 * 2.1)


def test_a_chip_without_tdp_says_so() -> None:
    unknown = dataclasses.replace(chip("l40s"), id="unheard-of", tdp_w=None)
    full = power(unknown, None, as_of=TODAY)
    assert full.w is None
    assert full.reason == "the power of unheard-of is not known: no TDP is published"


def test_joule_per_token_is_power_over_throughput() -> None:
    energy = joule_per_token(Interval(1000.0, 900.0, 1200.0), Interval.exact(500.0))
    assert (energy.value, energy.low, energy.high) == pytest.approx((2.0, 1.8, 2.4))
