"""Errors say what is wrong and what to do, and each kind has its exit code."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assay.core.errors import (
    AssayError,
    BadData,
    Fault,
    Infeasible,
    NotInCatalogue,
    Unsupported,
    UsageError,
    nearest,
)


def test_exit_codes_are_those_of_the_documentation() -> None:
    codes = {
        kind: kind.exit_code for kind in (AssayError, UsageError, NotInCatalogue, Infeasible, BadData, Unsupported)
    }
    assert list(codes.values()) == [1, 2, 3, 4, 5, 6]


def test_an_unknown_id_names_the_nearest_and_the_hint() -> None:
    error = NotInCatalogue("chip", "h200-smx", ["h20-96gb", "h200-sxm", "mi300x"], "A path works too.")
    assert error.message == "no chip 'h200-smx' in the catalogue"
    assert error.nearest[0] == "h200-sxm"
    assert "h200-sxm" in error.hint
    assert error.hint.endswith("A path works too.")


def test_nothing_near_gives_only_the_hint() -> None:
    assert NotInCatalogue("chip", "zzzz", ["h100"]).hint == ""


def test_bad_data_lists_every_fault_with_file_and_key() -> None:
    error = BadData([Fault("a.toml", "tdp_w", "is negative"), Fault("a.toml", "", "is empty")])
    assert error.message.splitlines() == ["2 faults:", "  a.toml: tdp_w: is negative", "  a.toml: is empty"]


def test_the_text_of_an_error_is_message_and_hint() -> None:
    assert str(UsageError("wrong", "do this")) == "wrong\ndo this"
    assert str(UsageError("wrong")) == "wrong"


@given(st.text(max_size=12), st.lists(st.text(max_size=12), max_size=12))
def test_nearest_returns_few_known_names_without_repeats(wanted: str, known: list[str]) -> None:
    found = nearest(wanted, known)
    assert set(found) <= set(known)
    assert len(found) == len(set(found)) <= 4


@pytest.mark.parametrize("wanted", ["H100", "h100", "h100-sxm"])
def test_nearest_ignores_case_and_finds_what_contains_the_word(wanted: str) -> None:
    assert "h100-sxm" in nearest(wanted, ["a10", "h100-sxm", "mi300x"])
