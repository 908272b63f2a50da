"""Points and their keys."""

from __future__ import annotations

import copy
import json
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assay.core.errors import UsageError
from assay.sweep.study import Point, Study, canonical

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=6,
)
REQUESTS = st.dictionaries(st.text(max_size=3), VALUES, max_size=4)


@given(REQUESTS, REQUESTS)
def test_keys_are_equal_where_requests_are(one: dict[str, object], other: dict[str, object]) -> None:
    same = canonical(one) == canonical(other)
    assert (Point("v", one, "1").key == Point("v", other, "1").key) == same


@given(REQUESTS)
def test_a_key_knows_no_order_of_fields_and_survives_json(request: dict[str, object]) -> None:
    key = Point("v", request, "1").key
    turned = dict(reversed(copy.deepcopy(request).items()))
    assert Point("v", turned, "1").key == key
    assert Point("v", json.loads(canonical(request)), "1").key == key


@given(REQUESTS)
def test_a_key_follows_verb_and_version(request: dict[str, object]) -> None:
    keys = {Point(verb, request, version).key for verb in "ab" for version in "12"}
    assert len(keys) == 4


@pytest.mark.parametrize(
    ("one", "other"), [(1, 1.0), (1, True), (0, False), (1, "1"), (None, "null"), ([1, 2], [2, 1])]
)
def test_values_of_different_kinds_have_different_keys(one: object, other: object) -> None:
    assert Point("v", {"x": one}, "").key != Point("v", {"x": other}, "").key


def test_a_date_is_its_text() -> None:
    assert Point("v", {"x": date(2025, 5, 1)}, "").key == Point("v", {"x": "2025-05-01"}, "").key


@pytest.mark.parametrize("value", [float("nan"), float("inf"), {1, 2}, b"x"])
def test_what_is_no_json_is_refused(value: object) -> None:
    with pytest.raises(UsageError):
        Point("v", {"x": value}, "")


@given(st.dictionaries(st.sampled_from("abcd"), st.lists(st.integers(0, 3), min_size=1, max_size=3), max_size=4))
def test_the_grid_is_the_product_without_repeats(axes: dict[str, list[int]]) -> None:
    requests = Study("v", {"base": 1}, axes).requests()
    expected = 1
    for values in axes.values():
        expected *= len(set(values))
    assert len(requests) == expected == len({canonical(request) for request in requests})
    assert all(request["base"] == 1 and set(request) == {"base", *axes} for request in requests)


def test_the_last_axis_varies_fastest_and_further_points_come_last() -> None:
    study = Study("v", {"c": 0}, {"a": [2, 1], "b": "xy"}, [{"c": 9}])
    found = [(request.get("a"), request.get("b"), request["c"]) for request in study.requests()]
    assert found == [(2, "x", 0), (2, "y", 0), (1, "x", 0), (1, "y", 0), (None, None, 9)]


def test_a_study_of_further_points_alone_has_no_grid() -> None:
    assert Study("v", {"a": 1}, {}, [{"b": 2}]).requests() == ({"a": 1, "b": 2},)
    assert Study("v", {"a": 1}).requests() == ({"a": 1},)
