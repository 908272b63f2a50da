"""A sourced number: no source, no fact; no range, no estimate."""

from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from assay.catalogue.fact import FactRecord, FactTable, PositiveFact

POSITIVE = st.floats(min_value=1e-12, max_value=1e30)


@given(value=POSITIVE, down=st.floats(0, 1), up=st.floats(0, 10))
def test_a_fact_says_what_the_file_says(value: float, down: float, up: float) -> None:
    low, high = value * (1 - down), value * (1 + up)
    record = FactRecord(value=value, low=low, high=high, kind="estimate", source=["a", "b"], note="x")
    fact = record.fact()
    assert (fact.value, fact.low, fact.high, fact.kind) == (value, low, high, "estimate")
    assert (fact.sources, fact.note) == (("a", "b"), "x")


def test_one_source_may_stand_without_brackets() -> None:
    assert FactRecord.model_validate({"value": 1, "source": "a"}).source == ["a"]


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        ({"value": 1}, "source"),
        ({"value": 1, "source": []}, "source"),
        ({"value": 1, "source": "a", "kind": "guess"}, "kind"),
        ({"value": 1, "source": "a", "kind": "estimate"}, "90 % range"),
        ({"value": 1, "source": "a", "low": 0.5}, "come together"),
        ({"value": 1, "source": "a", "low": 2, "high": 3}, "between low and high"),
        ({"value": math.inf, "source": "a"}, "finite"),
        ({"value": 1, "source": "a", "unit": "W"}, "unit"),
    ],
)
def test_what_is_not_a_fact(content: dict[str, Any], complaint: str) -> None:
    with pytest.raises(ValidationError, match=complaint):
        FactRecord.model_validate(content)


@pytest.mark.parametrize("value", [0, -1])
def test_sizes_and_rates_are_positive(value: float) -> None:
    with pytest.raises(ValidationError, match="greater than 0"):
        PositiveFact.model_validate({"value": value, "source": "a"})


def test_a_table_gives_its_facts_by_key() -> None:
    class Inner(FactTable):
        bf16: FactRecord | None = None
        fp8: FactRecord | None = None

    class Outer(FactTable):
        tdp_w: FactRecord | None = None
        peak: Inner = Inner()

    table = Outer.model_validate({"peak": {"fp8": {"value": 2, "source": "a"}}, "tdp_w": {"value": 1, "source": "a"}})
    assert {key: fact.value for key, fact in table.facts().items()} == {"tdp_w": 1, "peak.fp8": 2}
