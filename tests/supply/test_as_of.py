"""A run as of a day knows nothing that was published later: over every estimate."""

from datetime import date, timedelta
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from assay.core.errors import UsageError
from assay.supply.estimate import Estimate, estimates
from assay.supply.plan import EARLIEST, plan
from assay.supply.run import RunRequest, run
from assay.supply.scenario import scenario

STATUS_QUO = scenario("status-quo")
DAYS = sorted({it.published for it in estimates().values()})


def without(later_than: date) -> dict[str, Estimate]:
    return {id: it for id, it in estimates().items() if it.published <= later_than}


@pytest.mark.parametrize("id", sorted(estimates()))
def test_an_estimate_never_enters_before_its_day(id: str) -> None:
    """The hash covers all that a run is made of: intervals, deliveries, mix of the reference, levers."""
    day = estimates()[id].published - timedelta(days=1)
    if day < EARLIEST:
        with pytest.raises(UsageError):
            plan(STATUS_QUO, day)
        return
    rest = {other: it for other, it in estimates().items() if other != id}
    assert plan(STATUS_QUO, day, table=rest).hash() == plan(STATUS_QUO, day).hash()


@given(st.dates(EARLIEST, date(2026, 11, 1)))
def test_withdrawing_all_later_estimates_changes_nothing(day: date) -> None:
    assert plan(STATUS_QUO, day, table=without(day)).hash() == plan(STATUS_QUO, day).hash()


@pytest.mark.parametrize("day", [date(2024, 7, 4), date(2025, 6, 30), date(2026, 4, 22)])
def test_the_bytes_of_a_run_do_not_depend_on_the_future(day: date) -> None:
    request = RunRequest(STATUS_QUO, day, samples=50)
    assert np.array_equal(run(request).table, run(request, table=without(day)).table, equal_nan=True)


def test_what_is_published_does_enter() -> None:
    """Guard of the test above: at least these days bring news."""
    hashes = [plan(STATUS_QUO, day).hash() for day in DAYS if day >= EARLIEST]
    news = {old != new for old, new in pairwise(hashes)}
    assert True in news
    assert len(set(hashes)) == len(hashes)  # the as-of date is part of the hash
    intervals = {
        tuple((it.marginal.low, it.marginal.high) for it in plan(STATUS_QUO, day).inputs.values())
        for day in DAYS
        if day >= EARLIEST
    }
    assert len(intervals) > 20
