"""The language of the rules: three-valued, and an unknown never becomes a false no."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assay.export.condition import parse

FACTS = ("a", "b", "c")
GROUPS = {"D:5": (frozenset({"CN", "RU"}), frozenset({"KH"}))}
VALUES = st.one_of(st.none(), st.integers(0, 5))
LEAVES = st.builds(
    lambda fact, op, value: {"fact": fact, op: value},
    st.sampled_from(FACTS),
    st.sampled_from(["at_least", "more_than", "at_most", "less_than", "is"]),
    st.integers(0, 5),
)
CONDITIONS = st.recursive(
    LEAVES,
    lambda parts: st.one_of(
        st.builds(lambda part: {"not": part}, parts),
        st.builds(lambda how, several: {how: several}, st.sampled_from(["all", "any"]), st.lists(parts, max_size=3)),
    ),
    max_leaves=8,
)
ASSIGNMENTS = st.fixed_dictionaries(dict.fromkeys(FACTS, VALUES))


@given(table=CONDITIONS, partial=ASSIGNMENTS, full=st.fixed_dictionaries(dict.fromkeys(FACTS, st.integers(0, 5))))
def test_what_is_decided_stays_decided_when_more_is_known(
    table: dict[str, Any], partial: dict[str, int | None], full: dict[str, int]
) -> None:
    test = parse(table).compiled(GROUPS)
    known = {fact: full[fact] if value is None else value for fact, value in partial.items()}
    if (truth := test(partial)) is not None:
        assert test(known) is truth
    assert test(known) is not None


@given(table=CONDITIONS, facts=ASSIGNMENTS)
def test_something_is_named_exactly_where_the_outcome_is_open(
    table: dict[str, Any], facts: dict[str, int | None]
) -> None:
    condition = parse(table)
    named = condition.undecided(GROUPS)(facts)
    assert bool(named) is (condition.compiled(GROUPS)(facts) is None)
    assert all(facts[name] is None for name in named)


@given(table=CONDITIONS, facts=ASSIGNMENTS)
def test_not_is_the_opposite_and_words_are_never_empty(table: dict[str, Any], facts: dict[str, int | None]) -> None:
    truth, opposite = parse(table).compiled(GROUPS)(facts), parse({"not": table}).compiled(GROUPS)(facts)
    assert opposite is (None if truth is None else not truth)
    assert parse(table).words()
    assert parse(table).words(facts)


@pytest.mark.parametrize(
    ("country", "member"),
    [("CN", True), ("DE", False), ("KH", None), (None, None)],
    ids=["in", "out", "untraced", "none"],
)
def test_membership_of_a_group_may_be_unknown(country: str | None, member: bool | None) -> None:
    assert parse({"fact": "a", "group": "D:5"}).compiled(GROUPS)({"a": country}) is member


def test_whether_a_fact_is_stated_is_always_known() -> None:
    test = parse({"fact": "a", "stated": False}).compiled(GROUPS)
    assert (test({"a": None}), test({"a": 1})) == (True, False)


@pytest.mark.parametrize(
    "table",
    [
        {},
        {"fact": "a"},
        {"fact": "a", "above": 1},
        {"fact": "a", "at_least": "many"},
        {"fact": "a", "at_least": True},
        {"fact": "a", "stated": 1},
        {"all": {"fact": "a", "is": 1}},
        {"any": [1]},
        {"not": {"fact": "a"}},
        {"rule": "r", "fact": "a"},
    ],
)
def test_what_is_no_condition_is_refused(table: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"condition|fact|wants|unknown test|beside|compared"):
        parse(table)
