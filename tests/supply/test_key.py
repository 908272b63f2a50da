from datetime import date

import numpy as np
import pytest

from assay.supply.key import Delays, Key, key
from assay.supply.lever import Turn, timeline
from assay.supply.stretch import Stretch

START = 2025 * 12
NEVER = np.array([1e4, 1e4])
DELAYS = Delays(licence=np.array([1.0, 3.0]), restart=np.array([6.0, 9.0]), uptake=np.array([0.1, 0.4]))


def built(lever: str, turns: list[Turn], as_of: float = START + 60, wait: np.ndarray = NEVER) -> Key:
    return key(timeline(lever, turns, date(2035, 1, 1)), START, as_of, wait, DELAYS)


def by_month(it: Key, months: int, what: str = "openness") -> np.ndarray:
    return np.broadcast_to(getattr(it, what)(Stretch(START, 0, months)), (months, 2))


def test_a_ban_closes_within_its_month() -> None:
    it = built("us.h20", [Turn(name="us.h20", date="2025-02-15", value="banned", announced="2025-02-15")])
    assert by_month(it, 3)[:, 0] == pytest.approx([1, 0.5, 0])


def test_a_licence_opens_after_its_lag_and_production_later_still() -> None:
    turns = [
        Turn(name="us.h20", date="2025-01-01", value="banned", announced="2025-01-01"),
        Turn(name="us.h20", date="2025-03-01", value="licence", announced="2025-03-01"),
    ]
    it = built("us.h20", turns)
    assert by_month(it, 6)[:, 0] == pytest.approx([0, 0, 0, 1, 1, 1])
    assert by_month(it, 6)[:, 1] == pytest.approx([0, 0, 0, 0, 0, 1])
    assert by_month(it, 12, "made")[:, 0] == pytest.approx([0] * 8 + [1] * 4)
    assert by_month(it, 12, "made")[:, 1] == pytest.approx([0] * 11 + [1])


def test_discouraged_buying_leaves_the_uptake() -> None:
    it = built("cn.h20", [Turn(name="cn.h20", date="2025-01-01", value="discouraged", announced="2025-01-01")])
    assert by_month(it, 2) == pytest.approx(np.array([[0.1, 0.4]] * 2))


def test_an_unannounced_change_ends_a_fact_but_not_a_scenario() -> None:
    wait = np.array([2.0, 100.0])
    fact = Turn(name="us.h20", date="2024-06-01", value="allowed", announced="2024-06-01")
    own = Turn(name="us.h20", date="2024-06-01", value="allowed")
    assert by_month(built("us.h20", [fact], START + 1, wait), 5)[:, 0] == pytest.approx([1, 1, 1, 0, 0])
    assert by_month(built("us.h20", [fact], START + 1, wait), 5)[:, 1] == pytest.approx([1] * 5)
    assert by_month(built("us.h20", [own], START + 1, wait), 5)[:, 0] == pytest.approx([1] * 5)


def test_buyers_hurry_between_notice_and_closure() -> None:
    turn = Turn(name="us.h20", date="2025-03-01", value="banned", notice_months=1.5)
    assert built("us.h20", [turn]).hurry(Stretch(START, 0, 4))[:, 0] == pytest.approx([0.5, 1, 0, 0])
