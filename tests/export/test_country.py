"""Countries and their groups by date."""

from __future__ import annotations

from contextlib import suppress
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assay.core.errors import NotInCatalogue
from assay.export.country import country, country_codes, country_rows, groups
from assay.export.law import sources


@pytest.mark.parametrize(("name", "code"), [("cn", "CN"), ("South Korea", "KR"), (" uae ", "AE"), ("Macao", "MO")])
def test_a_country_is_found_by_code_or_name(name: str, code: str) -> None:
    assert country(name).iso2 == code


def test_an_unknown_country_names_the_nearest() -> None:
    with pytest.raises(NotInCatalogue, match="Germany"):
        country("Germny")


def test_the_uae_moved() -> None:
    assert "AE" in groups(date(2026, 7, 9))["D:4"][0]
    assert "AE" not in groups(date(2026, 7, 10))["D:4"][0]
    assert "AE" in groups(date(2026, 7, 10))["A:5"][0]


def test_macau_is_not_in_d5_and_hong_kong_is_as_china() -> None:
    of_date = groups(date(2026, 8, 1))
    assert "MO" not in of_date["D:5"][0]
    assert {name for name, (members, _) in of_date.items() if "HK" in members} == {
        name for name, (members, _) in of_date.items() if "CN" in members
    }


def test_an_untraced_membership_is_unknown_not_no() -> None:
    members, untraced = groups(date(2024, 1, 1))["D:5"]
    assert "KH" in untraced - members


@given(on=st.dates(date(2022, 1, 1), date(2028, 1, 1)))
def test_every_country_has_one_row_on_every_day(on: date) -> None:
    codes = [row.iso2 for row in country_rows() if row.since <= on <= row.until]
    assert sorted(codes) == list(country_codes())


def test_every_row_has_a_source() -> None:
    assert {row.source for row in country_rows()} <= sources().keys()


@given(name=st.text())
def test_any_text_is_found_or_refused(name: str) -> None:
    with suppress(NotInCatalogue):
        assert country(name).iso2 in country_codes()
