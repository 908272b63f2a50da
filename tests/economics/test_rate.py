"""Rates of a chip-hour: increasing in every price, ordered, dated, and near what others publish."""

import dataclasses
import datetime
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assay.catalogue import price as price_table
from assay.catalogue.chip import chip, chip_ids
from assay.catalogue.node import node_of
from assay.catalogue.price import Price, price, prices
from assay.core.interval import Interval
from assay.economics.item import CostItem
from assay.economics.rate import Basis, Rate, annuity, rate

TODAY = datetime.date(2026, 11, 23)
PUBLISHED = [row.chip for row in prices() if row.category == "tco_owned"]
BASES = st.sampled_from(["auto", "rental", "ownership"])
PLACES = st.sampled_from(["US", "CN", "DE", "ZA"])


def rate_of(id: str, basis: Basis = "auto", place: str = "US", as_of: datetime.date = TODAY) -> Rate:
    return rate(chip(id), node_of(id), place=place, as_of=as_of, basis=basis)


def leaves(item: CostItem) -> Iterator[CostItem]:
    if not item.children:
        yield item
    for child in item.children:
        yield from leaves(child)


@given(st.sampled_from(chip_ids()), BASES, PLACES, st.dates(datetime.date(2020, 1, 1), TODAY))
def test_every_chip_has_an_ordered_and_sourced_rate_or_a_reason(
    id: str, basis: Basis, place: str, as_of: datetime.date
) -> None:
    found = rate_of(id, basis, place, as_of)
    if found.usd_per_chip_h is None:
        assert found.reason
        assert found.basis == "none"
        return
    usd = found.usd_per_chip_h
    assert 0 < usd.low <= usd.value <= usd.high
    assert found.reason is None
    assert sum(item.amount.value for item in found.items) == pytest.approx(usd.value)
    for item in found.items:
        assert all(leaf.sources or leaf.unit.startswith("fraction of") for leaf in leaves(item)), item


@given(st.sampled_from(PUBLISHED), st.sampled_from(prices()), st.floats(1.01, 2.0), BASES)
def test_a_rate_never_falls_when_a_price_rises(id: str, row: Price, factor: float, basis: Basis) -> None:
    if row.category == "depreciation":  # years, not a price
        return
    raised = dataclasses.replace(row, low=row.low * factor, mid=row.mid * factor, high=row.high * factor)
    table = tuple(raised if other is row else other for other in prices())
    before = rate_of(id, basis).usd_per_chip_h
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(price_table, "prices", lambda: table)
        after = rate_of(id, basis).usd_per_chip_h
    assert before is not None
    assert after is not None
    assert after.value >= before.value * (1 - 1e-12)


@pytest.mark.parametrize("category", ["node_purchase", "electricity", "finance"])
def test_an_owner_pays_every_ingredient(category: str) -> None:
    table = tuple(
        dataclasses.replace(row, low=row.low * 1.1, mid=row.mid * 1.1, high=row.high * 1.1)
        if row.category == category
        else row
        for row in prices()
    )
    before = rate_of("h100-sxm", "ownership").usd_per_chip_h
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(price_table, "prices", lambda: table)
        after = rate_of("h100-sxm", "ownership").usd_per_chip_h
    assert before is not None
    assert after is not None
    assert (after.low, after.value, after.high) > (before.low, before.value, before.high)


@given(st.sampled_from(PUBLISHED), st.floats(0.1, 0.99))
def test_unused_hours_are_paid_by_the_used_ones(id: str, used: float) -> None:
    whole = rate_of(id, "ownership").usd_per_chip_h
    part = rate(chip(id), None, as_of=TODAY, basis="ownership", hours_used=Interval.exact(used)).usd_per_chip_h
    assert whole is not None
    assert part is not None
    assert whole.value < part.value < whole.value / used


@pytest.mark.parametrize("id", PUBLISHED)
def test_owning_costs_are_near_the_published_ones(id: str) -> None:
    published, own = price("tco_owned", chip=id, place="US", as_of=TODAY), rate_of(id, "ownership")
    assert isinstance(published, Price)
    assert own.usd_per_chip_h is not None
    assert 0.87 <= own.usd_per_chip_h.value / published.mid <= 1.38


@pytest.mark.parametrize(
    ("id", "usd", "label"),
    [
        ("h20-96gb", 0.976, "rental, AutoDL, CN, 2026-04"),
        ("h200-sxm", 3.4, "rental, on demand, 2026-05"),
        ("mi300x", 1.55, "rental, 3-year contract, US, 2026-04-03"),
        ("ascend-910c", 1.4, "rental, on demand, CN, 2025"),
    ],
)
def test_rents_say_term_place_and_date(id: str, usd: float, label: str) -> None:
    found = rate_of(id)
    assert found.usd_per_chip_h is not None
    assert (found.basis, found.label) == ("rental", label)
    assert found.usd_per_chip_h.value == usd


def test_a_chip_that_cannot_be_rented_is_owned() -> None:
    assert rate_of("h800-sxm").basis == "ownership"
    assert rate_of("h800-sxm", "rental").reason == "no rental price of h800-sxm in the catalogue"


def test_nothing_is_invented_for_a_chip_without_a_price() -> None:
    found = rate_of("h20-141gb")
    assert found.usd_per_chip_h is None
    assert found.reason == (
        "no rental price of h20-141gb in the catalogue; no chip purchase price of h20-141gb in the catalogue"
    )


@given(st.floats(1e-6, 0.5), st.floats(0.5, 30.0))
def test_an_annuity_repays_the_loan(rate_per_year: float, years: float) -> None:
    payment = annuity(rate_per_year, years)
    assert payment > max(rate_per_year, 1 / years) * (1 - 1e-9)
    assert payment == pytest.approx(rate_per_year / (1 - (1 + rate_per_year) ** -years), rel=1e-6)


def test_an_item_becomes_a_branch_of_an_explanation() -> None:
    branch = rate_of("h20-96gb", "ownership").items[0].branch()
    assert branch.name == "depreciation and interest"
    assert branch.unit == "USD/chip/h"
    assert branch.children[0].name == "capital"
