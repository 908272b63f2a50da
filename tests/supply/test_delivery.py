from datetime import date

import numpy as np
import pytest

from assay.supply.delivery import Delivery, deliveries, history
from assay.supply.estimate import published_by
from assay.supply.marginal import Marginal

START = 2024 * 12
FOREVER = date(2100, 1, 1)


def delivery(first: date, last: date, units: float, published: date, ramp: float = 0.0) -> Delivery:
    return Delivery("h20", first, last, Marginal("lognormal", units, units), published, ramp)


def total(parts: tuple[tuple[Marginal, np.ndarray], ...]) -> np.ndarray:
    return sum((units.high * share for units, share in parts), np.zeros(24))


def test_a_period_spreads_over_its_days() -> None:
    year = delivery(date(2024, 1, 1), date(2024, 12, 31), 366.0, date(2025, 1, 1))
    it = history([year], START, 24, FOREVER)
    assert total(it.parts)[:12] == pytest.approx([31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31])
    assert it.covered == pytest.approx([1] * 12 + [0] * 12)


def test_a_later_publication_replaces_the_days_it_covers() -> None:
    year = delivery(date(2024, 1, 1), date(2024, 12, 31), 366.0, date(2025, 1, 1))
    quarter = delivery(date(2024, 1, 1), date(2024, 3, 31), 910.0, date(2026, 1, 1))
    it = history([year, quarter], START, 24, FOREVER)
    assert total(it.parts)[:4] == pytest.approx([310, 290, 310, 30])


def test_a_ramp_moves_units_to_the_end_and_loses_none() -> None:
    ramped = delivery(date(2024, 1, 1), date(2024, 12, 31), 1000.0, date(2025, 1, 1), ramp=6)
    months = total(history([ramped], START, 24, FOREVER).parts)
    assert months.sum() == pytest.approx(1000)
    assert months[0] < months[3] < months[8]


def test_nothing_is_on_record_once_a_scenario_departs() -> None:
    year = delivery(date(2024, 1, 1), date(2024, 12, 31), 366.0, date(2025, 1, 1))
    it = history([year], START, 24, date(2024, 6, 30))
    assert total(it.parts)[6:].sum() == 0
    assert it.covered[:6] == pytest.approx([1] * 6)


def test_the_record_is_what_was_published() -> None:
    early, late = (deliveries(published_by(day)) for day in (date(2025, 6, 1), date(2026, 11, 1)))
    assert not any(it.published > date(2025, 6, 1) for it in early)
    assert sum(it.chip_class == "h20" for it in late) > sum(it.chip_class == "h20" for it in early)
