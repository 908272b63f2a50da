"""Prices: every row is sourced and ordered, and no question sees a price of its future."""

import datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assay.catalogue.chip import chip_ids
from assay.catalogue.price import NoPrice, Price, parse_dates, price, prices
from assay.catalogue.sources import sources
from assay.core.errors import BadData

ROWS = prices()
TODAY = datetime.date(2026, 11, 23)
HEADER = "category,item,chip,chips,place,date,low,mid,high,unit,source,kind,note\n"

dates = st.dates(datetime.date(2020, 1, 1), datetime.date(2028, 12, 31))
places = st.sampled_from(["", "US", "CN", "FI", "DE", "ZA"])


def test_every_row_is_ordered_and_sourced() -> None:
    assert len(ROWS) == 170
    for row in ROWS:
        assert 0 < row.low <= row.mid <= row.high, row
        assert row.date_from <= row.date_to, row
        assert row.sources, row
        assert set(row.sources) <= set(sources()), row
        assert row.chip == "" or row.chip in chip_ids(), row
        assert row.kind != "estimate" or row.low < row.high, row


def test_every_category_has_one_unit_of_money_time_or_power() -> None:
    for category in ("rental", "rental_3yr", "tco_owned", "node_purchase", "chip_purchase", "electricity", "pue"):
        assert len({row.unit for row in ROWS if row.category == category}) == 1, category


@given(st.sampled_from(ROWS), places, dates)
def test_no_price_of_the_future_is_seen(row: Price, place: str, as_of: datetime.date) -> None:
    found = price(row.category, item=row.item, chip=row.chip, place=place, as_of=as_of)
    if isinstance(found, Price):
        assert found.date_from <= as_of
        assert (found.category, found.item, found.chip) == (row.category, row.item, row.chip)
    else:
        assert found.begins is not None
        assert found.begins > as_of
        assert row.date_from > as_of


@given(st.sampled_from(ROWS), places, dates)
def test_the_latest_price_of_the_nearest_place_is_taken(row: Price, place: str, as_of: datetime.date) -> None:
    found = price(row.category, item=row.item, chip=row.chip, place=place, as_of=as_of)
    if isinstance(found, Price) and row.date_from <= as_of:
        if row.place == place:
            assert found.place == place
        if row.place == found.place:
            assert found.date_from >= row.date_from


@given(st.sampled_from(ROWS), places, dates, dates)
def test_time_adds_prices_and_never_takes_one_away(
    row: Price, place: str, one: datetime.date, other: datetime.date
) -> None:
    before, after = (
        price(row.category, item=row.item, chip=row.chip, place=place, as_of=as_of) for as_of in sorted((one, other))
    )
    assert isinstance(before, NoPrice) or isinstance(after, Price)


def test_the_rent_of_an_h100_fell_and_rose() -> None:
    asked = [(2024, 3), (2025, 11), (2026, 6)]
    rents = [price("rental", chip="h100-sxm", place="US", as_of=datetime.date(year, month, 1)) for year, month in asked]
    assert [rent.mid for rent in rents if isinstance(rent, Price)] == [2.85, 1.7, 2.95]


@pytest.mark.parametrize(("place", "where"), [("CN", "CN"), ("US", "CN"), ("ZA", "CN")])
def test_a_rent_known_in_one_country_only_is_taken_from_there(place: str, where: str) -> None:
    rent = price("rental", chip="h20-96gb", place=place, as_of=TODAY)
    assert isinstance(rent, Price)
    assert (rent.place, rent.mid) == (where, 0.976)


def test_what_is_not_known_says_so() -> None:
    assert price("rental", chip="no-chip", as_of=TODAY) == NoPrice("no rental price of no-chip in the catalogue")
    early = price("rental", chip="h100-sxm", as_of=datetime.date(2020, 1, 1))
    assert early == NoPrice(
        "no rental price of h100-sxm by 2020-01-01: the first is of 2023-06-01", datetime.date(2023, 6, 1)
    )


@pytest.mark.parametrize(
    ("text", "first", "last"),
    [
        ("2026-04-03", (2026, 4, 3), (2026, 4, 3)),
        ("2024-02", (2024, 2, 1), (2024, 2, 29)),
        ("2025", (2025, 1, 1), (2025, 12, 31)),
        ("2024-2025", (2024, 1, 1), (2025, 12, 31)),
        ("2025-09 / 2026-07", (2025, 9, 1), (2026, 7, 31)),
        ("", (1, 1, 1), (9999, 12, 31)),
    ],
)
def test_published_dates(text: str, first: tuple[int, int, int], last: tuple[int, int, int]) -> None:
    assert parse_dates(text) == (datetime.date(*first), datetime.date(*last))


@pytest.mark.parametrize(
    "text", ["soon", "2026-13", "2026-02-30", "2025-2024", "2026-07 / 2025-09", "2025 / 2026 / 2027"]
)
def test_what_is_no_date_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        parse_dates(text)


def test_a_broken_table_names_every_fault_with_its_line(tmp_path: Path) -> None:
    path = tmp_path / "prices.csv"
    path.write_text(
        HEADER
        + "rental,x,c,,US,2026,3,2,1,USD/chip/h,s,vendor,\n"
        + "rental,x,c,,usa,2026,,2,,USD/chip/h,s,vendor,\n"
        + "rental,x,c,,US,soon,,2,,USD/chip/h,s,vendor,\n"
        + "rental,x,c,,US,2026,,2,,USD/chip/h,s,estimate,\n"
        + "rental,x,c,,US,2026,,2,,USD/chip/h,,vendor,\n"
    )
    with pytest.raises(BadData) as caught:
        prices(path)
    assert [fault.key.split(",")[0] for fault in caught.value.faults] == [f"line {n}" for n in range(2, 7)]
