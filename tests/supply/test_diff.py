from dataclasses import replace

import numpy as np
import pytest

from assay.core.errors import UsageError
from assay.supply.diff import diff
from assay.supply.run import RunRequest
from assay.supply.scenario import scenario


def test_a_scenario_does_not_differ_from_itself(request_: RunRequest) -> None:
    assert not diff(request_, request_).table.any()


def test_swapping_the_scenarios_swaps_the_sign(request_: RunRequest) -> None:
    other = replace(request_, scenario=scenario("hbm-tight"), samples=101)
    one = replace(request_, samples=101)
    there, back = diff(one, other), diff(other, one)
    row = there.names.index("owned.h100e_fp8")
    assert there.table[:, row, 2] == pytest.approx(-back.table[:, row, 2], rel=1e-4, abs=1)


@pytest.mark.parametrize("name", ["enforcement-x3", "hbm-tight", "h20-banned", "smic-plus-30-percent-wafers"])
def test_pairing_narrows_the_interval_threefold(request_: RunRequest, name: str) -> None:
    result = diff(replace(request_, samples=4000), replace(request_, samples=4000, scenario=scenario(name)))
    assert result.narrowing[result.names.index("owned.h100e_fp8")] >= 3


def test_nothing_differs_before_the_levers_act(request_: RunRequest) -> None:
    result = diff(request_, replace(request_, scenario=scenario("enforcement-x3")))
    assert not result.table[: result.months.index("2027-06") + 1].any()
    assert result.table[-1, result.names.index("owned.h100e_fp8"), 4] < 0
    assert np.isfinite(result.table).all()


def test_what_cannot_be_paired_is_refused(request_: RunRequest) -> None:
    with pytest.raises(UsageError):
        diff(request_, replace(request_, seed=9))
