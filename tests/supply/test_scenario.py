from pathlib import Path

import pytest

from assay.core.errors import BadData, NotInCatalogue, UsageError
from assay.supply.scenario import scenario, scenario_names

SHIPPED = {
    "status-quo", "h20-banned", "h20-15-percent", "h20-refused-by-beijing", "h200-50-percent-cap",
    "blackwell-half-chip", "enforcement-x3", "hbm-tight", "hbm-own-memory", "smic-plus-30-percent-wafers",
}  # fmt: skip


def test_the_ten_scenarios_are_there() -> None:
    assert set(scenario_names()) == SHIPPED


@pytest.mark.parametrize("name", sorted(SHIPPED))
def test_a_share_string_holds_the_whole_scenario(name: str) -> None:
    it = scenario(name)
    shared = scenario(it.share())
    assert shared.canonical() == it.canonical()
    assert shared.hash() == it.hash()
    assert shared.share() == it.share()


@pytest.mark.parametrize("text", ["assay-supply-1.", "assay-supply-1.!!", "assay-supply-1.AAAA"])
def test_a_damaged_share_string_is_told(text: str) -> None:
    with pytest.raises((UsageError, BadData)):
        scenario(text)


def test_an_unknown_scenario_names_the_nearest() -> None:
    with pytest.raises(NotInCatalogue, match="h20-banned"):
        scenario("h20-baned")


BAD = """
title = "all wrong"
extends = "status-quo"

[[lever]]
name = "us.h2O"
date = 2027-01-01
value = "banned"

[[lever]]
name = "us.h20"
date = 2027-01-01
value = "forbidden"

[[lever]]
name = "enforcement"
date = 2027-01-01
value = 3
lag_months = -200

[input.die_bank]
low = 9
high = 3
source = "me"
date = 2026-01-01
basis = "a slip"

[input.no_such]
low = 1
high = 3
source = "me"
date = 2026-01-01
basis = "a slip"

[[correlation]]
between = ["die_bank", "hbm_bank"]
rho = 0.99

[[correlation]]
between = ["die_bank", "wafers_2025"]
rho = 0.9

[[correlation]]
between = ["hbm_bank", "wafers_2025"]
rho = -0.9
"""


def test_every_fault_is_told_at_once_with_file_and_key(tmp_path: Path) -> None:
    path = tmp_path / "bad.toml"
    path.write_text(BAD)
    with pytest.raises(BadData) as caught:
        scenario(str(path))
    faults = {fault.key.partition(".")[2] or fault.key: fault.problem for fault in caught.value.faults}
    assert all(fault.file == str(path) for fault in caught.value.faults)
    assert "us.h20" in faults["name"]
    assert "none of" in faults["value"]
    assert "before the horizon" in faults["lag_months"]
    assert "low 9 is above high 3" in faults["die_bank"]
    assert "no such input" in faults["no_such"]
    assert "not positive definite" in faults["correlation"]
    assert caught.value.exit_code == 5


def test_an_input_is_not_correlated_with_itself(tmp_path: Path) -> None:
    path = tmp_path / "own.toml"
    path.write_text('title = "x"\n[[correlation]]\nbetween = ["die_bank", "die_bank"]\nrho = 0.5\n')
    with pytest.raises(BadData, match="itself"):
        scenario(str(path))


def test_a_scenario_that_extends_itself_is_told(tmp_path: Path) -> None:
    (tmp_path / "a.toml").write_text('title = "a"\nextends = "b"\n')
    (tmp_path / "b.toml").write_text('title = "b"\nextends = "a"\n')
    with pytest.raises(BadData, match="again"):
        scenario(str(tmp_path / "a.toml"))


def test_a_missing_parent_is_told(tmp_path: Path) -> None:
    (tmp_path / "a.toml").write_text('title = "a"\nextends = "nowhere"\n')
    with pytest.raises(BadData, match="nowhere"):
        scenario(str(tmp_path / "a.toml"))
