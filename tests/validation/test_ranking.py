"""Choices judged by what was measured."""

from __future__ import annotations

from dataclasses import replace

import pytest

from assay.validation.predict import Predicted
from assay.validation.ranking import measured, ours, ranking
from tests.validation.sample import sample

ROW = next(row for row in sample() if row.dp == 1)


def point(tp: int, concurrency: float, tpot_s: float, predicted_s: float) -> Predicted:
    row = replace(
        ROW, tp=tp, ep=1, concurrency=concurrency, input_tokens=1024, output_tokens=1000, ttft_s=0.1, tpot_s=tpot_s
    )
    return Predicted(row, predicted_s, 0.1, 0.0, 1e9, 0.0)


def test_the_measured_order_is_perfect() -> None:
    rows = [point(1, 8, 0.009, 0.02), point(2, 8, 0.008, 0.02), point(2, 32, 0.0095, 0.5)]
    found = ranking(rows, measured)
    assert found.mean_share == 1.0
    assert found.groups == 1
    assert 0 < found.chance_share < 1


def test_a_wrong_choice_costs_what_it_costs() -> None:
    # Two chips with 32 requests make twice as much a chip; within 10 ms we believe that only one chip keeps the limit.
    rows = [point(1, 8, 0.009, 0.009), point(2, 32, 0.009, 0.0115)]
    found = ranking(rows, ours)
    worth = [8 * 1000 / 9.1 / 1, 32 * 1000 / 9.1 / 2]
    assert found.mean_share == pytest.approx((worth[0] / worth[1] + 5) / 6)


def test_a_choice_that_breaks_the_limit_is_worth_nothing() -> None:
    rows = [point(1, 8, 0.2, 0.009), point(2, 32, 0.009, 0.5), point(4, 32, 0.009, 0.5)]
    assert ranking(rows, ours).mean_share == 0.0


def test_where_one_layout_keeps_the_limit_there_is_no_choice() -> None:
    rows = [point(1, 8, 0.09, 0.09), point(2, 32, 0.5, 0.5), point(2, 1, 0.099, 0.099)]
    assert ranking(rows, measured).choices == 1  # at 100 ms
