import numpy as np
import pytest
import scipy.stats

from assay.core.errors import NotInCatalogue, UsageError
from assay.supply.run import RunRequest
from assay.supply.sensitivity import read_at, sensitivity, value_of_knowing
from assay.supply.simulate import sample


def test_the_largest_cause_comes_first_and_pulls_up(request_: RunRequest) -> None:
    result = sensitivity(request_, "installed.units.other-domestic", "2027-12")
    names = [it.name for it in result.influences]
    assert set(names[:2]) == {"other_domestic_2025", "other_domestic_growth"}
    swings = [abs(it.high - it.low) for it in result.influences]
    assert swings == sorted(swings, reverse=True)
    first = result.influences[0]
    assert first.low < result.median < first.high
    idle = next(it for it in result.influences if it.name == "us_wait_h200")
    assert idle.low == idle.high == pytest.approx(result.median)
    assert idle.total == pytest.approx(0, abs=1e-6)


def test_rank_correlation_is_that_of_scipy(request_: RunRequest) -> None:
    result = sensitivity(request_, "owned.h100e_fp8", "2026-12")
    plan = request_.plan()
    values = sample(plan, request_.samples, request_.seed)
    output = read_at(plan, values, "owned.h100e_fp8", 59)
    ours = {it.name: it.rank_correlation for it in result.influences}
    for name in ("diverted_2024", "hbm_bank"):
        assert ours[name] == pytest.approx(scipy.stats.spearmanr(values[name], output).statistic, abs=1e-6)


def test_knowing_all_is_worth_all_and_knowing_nothing_nothing() -> None:
    output = np.random.default_rng(1).standard_normal(4000)
    assert value_of_knowing(output, output) > 0.9
    assert value_of_knowing(np.random.default_rng(2).standard_normal(4000), output) < 0.05
    assert value_of_knowing(np.zeros(4000), output) == 0


def test_a_month_or_series_that_is_not_there_is_refused(request_: RunRequest) -> None:
    with pytest.raises(UsageError, match="outside the horizon"):
        sensitivity(request_, "owned.h100e_fp8", "2050-01")
    with pytest.raises(UsageError, match="not a date"):
        sensitivity(request_, "owned.h100e_fp8", "soon")
    with pytest.raises(NotInCatalogue):
        sensitivity(request_, "owned.nothing", "2026-01")
