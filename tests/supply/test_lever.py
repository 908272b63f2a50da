from datetime import date

import numpy as np
import pytest
from pydantic import ValidationError

from assay.supply.lever import Turn, timeline

START = 2025 * 12


def test_a_number_lever_acts_from_its_day_after_its_lag() -> None:
    turns = [Turn(name="enforcement", date="2025-03-01", value=3, lag_months=1.5)]
    values = timeline("enforcement", turns, date(2026, 1, 1)).monthly(START, 6)
    assert values == pytest.approx([1, 1, 1, 2, 3, 3])


def test_a_fact_is_seen_from_its_announcement_on() -> None:
    turns = [Turn(name="us.h20", date="2025-04-09", value="banned", announced="2025-04-15")]
    assert timeline("us.h20", turns, date(2025, 4, 14)).turns == ()
    assert len(timeline("us.h20", turns, date(2025, 4, 15)).turns) == 1


def test_a_scenario_replaces_the_facts_that_come_after_it() -> None:
    own = Turn(name="us.h20", date="2025-02-01", value="allowed")
    fact = Turn(name="us.h20", date="2025-04-09", value="banned", announced="2025-04-15")
    seen = timeline("us.h20", [fact, own], date(2026, 1, 1))
    assert seen.turns == (own,)
    assert seen.pinned == own.month


def test_turns_act_in_the_order_of_their_effect() -> None:
    turns = [
        Turn(name="enforcement", date="2025-05", value=2),
        Turn(name="enforcement", date="2025-02", value=4, lag_months=6),
    ]
    values = timeline("enforcement", turns, date(2026, 1, 1)).monthly(START, 9)
    assert np.array_equal(values, [1, 1, 1, 1, 2, 2, 2, 4, 4])


@pytest.mark.parametrize(
    ("turn", "key", "words"),
    [
        (Turn(name="enforcment", date="2027", value=1), "name", "enforcement"),
        (Turn(name="enforcement", date="2027", value=1e9), "value", "between"),
        (Turn(name="enforcement", date="2027", value="much"), "value", "not a number"),
        (Turn(name="us.h20", date="2027", value=1), "value", "none of"),
        (Turn(name="enforcement", date="2024-12-31", value=1), "lag_months", "before the horizon"),
        (Turn(name="enforcement", date="2027", value=1, lag_months=-1), "lag_months", "negative"),
    ],
)
def test_a_faulty_turn_names_its_key(turn: Turn, key: str, words: str) -> None:
    found = turn.problem(START)
    assert found[0] == key
    assert words in found[1]


def test_a_vague_announcement_counts_from_its_last_day() -> None:
    turn = Turn(name="us.h20", date="2026-05-01", value="banned", announced="2026-05")
    assert timeline("us.h20", [turn], date(2026, 5, 30)).turns == ()


@pytest.mark.parametrize("wrong", [{"date": "soon"}, {"notice_months": -1}, {"announced": "2026-13"}])
def test_a_turn_without_sense_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        Turn.model_validate({"name": "us.h20", "date": "2027", "value": "banned", **wrong})
