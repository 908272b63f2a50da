"""Quantities as people write them: read exactly, refused with a reason."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assay.core.errors import UsageError
from assay.core.quantity import format_si, parse_count, parse_seconds


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("2s", 2.0), ("50ms", 0.05), ("0.05", 0.05), (" 1.5 s ", 1.5), ("3e2us", 3e-4), ("1_000ms", 1.0), (".5s", 0.5)],
)
def test_times(text: str, seconds: float) -> None:
    assert parse_seconds(text) == pytest.approx(seconds)


@pytest.mark.parametrize("text", ["", "s", "fast", "2 parsecs", "0", "-1s", "1e999", "2s3s", "nan", "1e400ms"])
def test_what_is_no_positive_time_is_refused(text: str) -> None:
    with pytest.raises(UsageError):
        parse_seconds(text)


@pytest.mark.parametrize(("text", "count"), [("4096", 4096), ("4K", 4096), ("4k", 4000), ("1.5k", 1500), ("1M", 10**6)])
def test_counts(text: str, count: int) -> None:
    assert parse_count(text) == count


@pytest.mark.parametrize("text", ["", "0", "-4", "1.5", "4Q", "many", "1e999", "nan"])
def test_what_is_no_positive_whole_number_is_refused(text: str) -> None:
    with pytest.raises(UsageError):
        parse_count(text)


@given(st.text(max_size=20))
def test_any_text_is_read_or_refused(text: str) -> None:
    for parse in (parse_seconds, parse_count):
        with suppress(UsageError):
            assert parse(text) > 0


@given(st.integers(1, 10**15))
def test_a_whole_number_is_read_back(number: int) -> None:
    assert parse_count(str(number)) == number


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [
        (4e12, "B/s", "4 TB/s"),
        (0.0496, "s", "49.6 ms"),
        (0.0, "s", "0 s"),
        (123.4, "W", "123 W"),
        (2.5e-7, "s", "250 ns"),
    ],
)
def test_prefixes(value: float, unit: str, text: str) -> None:
    assert format_si(value, unit) == text


@given(st.floats(1e-11, 1e20))
def test_a_printed_value_is_the_value_to_three_digits(value: float) -> None:
    number, unit = format_si(value, "B").split()
    factors = {"pnµmkMGTPE"[i]: 1000.0 ** (i - 4 + (i > 3)) for i in range(10)}
    assert float(number) * factors.get(unit.removesuffix("B"), 1.0) == pytest.approx(value, rel=5.1e-3)
