from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assay.supply.month import first_day, last_day, month_name, month_of, month_start

DAYS = st.dates(date(2000, 1, 1), date(2100, 1, 1))


@given(DAYS)
def test_a_day_lies_in_its_month(day: date) -> None:
    month = int(month_of(day))
    assert month_start(month) <= day
    assert month_name(month) == f"{day:%Y-%m}"
    assert first_day(f"{day:%Y-%m}") <= day <= last_day(f"{day:%Y-%m}")


@given(DAYS, DAYS)
def test_months_keep_the_order_of_days(one: date, other: date) -> None:
    assert (one < other) == (month_of(one) < month_of(other))


def test_a_vague_publication_date_counts_from_its_last_day() -> None:
    assert last_day("2025-02") == date(2025, 2, 28)
    assert last_day("2026") == date(2026, 12, 31)
    assert first_day("2026") == date(2026, 1, 1)


@pytest.mark.parametrize("text", ["", "25-01", "2025-13", "2025-02-30", "soon"])
def test_what_is_no_date_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"month|date|day"):
        first_day(text)
