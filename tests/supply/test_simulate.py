"""What a run promises whatever the numbers: conservation, limits, and that levers pull the right way."""

import tempfile
from datetime import date
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assay.supply.conservation import ConservationError
from assay.supply.domestic import Domestic
from assay.supply.plan import Plan, plan
from assay.supply.scenario import scenario
from assay.supply.simulate import BLOCK, sample, simulate

AS_OF = date(2026, 11, 23)


def planned(directory: Path, *turns: str, head: str = "") -> Plan:
    path = directory / "own.toml"
    path.write_text(
        f'title = "own"\nextends = "status-quo"\n{head}\n' + "\n".join(f"[[lever]]\n{it}\n" for it in turns)
    )
    return plan(scenario(str(path)), AS_OF)


def totals(the_plan: Plan, samples: int = 64) -> np.ndarray:
    values = sample(the_plan, samples, 1)
    return np.array([month.total.copy() for month in simulate(the_plan, values)])


def test_neutral_levers_change_no_bit(tmp_path: Path) -> None:
    neutral = [
        "enforcement",
        "wafers",
        "packaging",
        "hbm_leak",
        "cxmt",
        "own_memory",
        "other_domestic",
        "hub_shipments",
    ]
    turned = planned(tmp_path, *(f'name = "{name}"\ndate = "2027-01"\nvalue = 1' for name in neutral))
    assert (totals(turned) == totals(plan(scenario("status-quo"), AS_OF))).all()


def test_blocks_do_not_show() -> None:
    the_plan = plan(scenario("status-quo"), AS_OF)
    few, many = totals(the_plan, 40), totals(the_plan, BLOCK + 40)
    assert np.allclose(few, many[..., :40], rtol=1e-5)


def test_stocks_and_flows_are_never_negative() -> None:
    the_plan = plan(scenario("hbm-tight"), AS_OF)
    before = np.float32(0)
    for month in simulate(the_plan, sample(the_plan, 500, 2)):
        assert (month.total >= before).all()
        assert (month.installed >= 0).all()
        assert (month.installed <= month.total * (1 + 1e-5)).all()
        before = month.total.copy()


def test_a_cap_is_kept(tmp_path: Path) -> None:
    the_plan = planned(
        tmp_path,
        'name = "us.h20"\ndate = "2027-01"\nvalue = "allowed"',
        'name = "cn.h20"\ndate = "2027-01"\nvalue = "allowed"',
        'name = "cap.h20"\ndate = "2027-01"\nvalue = 12000',
    )
    sold = np.diff(totals(the_plan, 200)[:, the_plan.classes.names.index("h20")], axis=0)
    assert sold[60:].max() <= 1000 * 1.01
    assert sold[60:].max() > 500


@pytest.mark.parametrize(
    ("lever", "value", "class_", "sign"),
    [
        ("enforcement", 3, "blackwell-diverted", -1),
        ("black_market_premium", 2, "blackwell-diverted", 1),
        ("hub_shipments", 2, "blackwell-diverted", 1),
        ("remote_access", 0, "offshore", -1),
        ("other_domestic", 2, "other-domestic", 1),
        ("packaging", 2, "ascend-950", 1),
        ("own_memory", 0.1, "ascend-950", -1),
        ("proxy_fabrication", 1e6, "ascend-910c", 1),
        ("hbm_leak", 5, "ascend-910c", 1),
        ("cxmt", 4, "ascend-910c", 1),
    ],
)
def test_levers_pull_the_right_way(tmp_path: Path, lever: str, value: float, class_: str, sign: int) -> None:
    turned = planned(tmp_path, f'name = "{lever}"\ndate = "2027-01"\nvalue = {value}')
    row = turned.classes.names.index(class_)
    change = totals(turned, 300)[-1, row].mean() - totals(plan(scenario("status-quo"), AS_OF), 300)[-1, row].mean()
    assert sign * change >= 0
    assert change != 0 or lever == "proxy_fabrication"


@settings(max_examples=8)
@given(st.sampled_from(["wafers", "cxmt", "own_memory", "hbm_leak", "packaging"]), st.floats(0, 5))
def test_dies_and_memory_balance_under_any_lever(lever: str, value: float) -> None:
    with tempfile.TemporaryDirectory() as directory:
        totals(planned(Path(directory), f'name = "{lever}"\ndate = "2026-01"\nvalue = {value}'))  # raises if not


def test_a_leak_in_the_balance_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    honest = Domestic._package

    def leaky(self: Domestic, *words: object) -> np.ndarray:
        made = honest(self, *words)  # type: ignore[arg-type]
        self.dies += 1000
        return made

    monkeypatch.setattr(Domestic, "_package", leaky)
    with pytest.raises(ConservationError, match="dies do not balance"):
        totals(plan(scenario("status-quo"), AS_OF))
