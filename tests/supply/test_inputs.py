from datetime import date
from pathlib import Path

import pytest

from assay.core.errors import BadData
from assay.supply.estimate import estimates, published_by
from assay.supply.inputs import Input, shipped_correlations, shipped_inputs


@pytest.mark.parametrize("it", shipped_inputs().values(), ids=lambda it: it.name)
def test_no_vintage_is_older_than_what_it_rests_on(it: Input) -> None:
    for vintage in it.vintages:
        assert vintage.basis
        if vintage.estimates:
            assert vintage.published == max(estimates()[id].published for id in vintage.estimates)


def test_correlations_name_inputs() -> None:
    assert {name for pair in shipped_correlations() for name in pair} <= set(shipped_inputs())


def test_the_latest_visible_vintage_holds() -> None:
    bank = shipped_inputs()["die_bank"]
    lows = [bank.at(day, published_by(day))[0].low for day in (date(2025, 1, 1), date(2025, 5, 1), date(2026, 1, 1))]
    assert lows == [0.3e6, 2.2e6, 2.2e6]


def test_what_nobody_had_published_is_the_constant_before() -> None:
    share = shipped_inputs()["share_950_2026"]
    day = date(2025, 1, 1)
    assert share.at(day, published_by(day))[0].low == 0 == share.at(day, published_by(day))[0].high


def test_all_faults_of_all_files_are_told_at_once(tmp_path: Path) -> None:
    (tmp_path / "a.toml").write_text('[input.x]\nunit = "1"\nprior = { low = 3, high = 2, basis = "b" }\n')
    (tmp_path / "b.toml").write_text(
        '[input.y]\nunit = "1"\n[[input.y.vintage]]\nlow = 1\nhigh = 2\nestimates = ["E999"]\nbasis = "b"\n'
    )
    with pytest.raises(BadData) as caught:
        shipped_inputs(tmp_path)
    assert [(Path(fault.file).name, fault.key) for fault in caught.value.faults] == [
        ("a.toml", "input.x.prior"),
        ("b.toml", "input.y.vintage[0].estimates"),
    ]
