"""Predictions of measured deployments, and that they do not get worse."""

from __future__ import annotations

import numpy as np
import pytest

from assay.validation.deployments import deployment_of
from assay.validation.features import features
from assay.validation.overheads import Overheads, composed, overheads
from assay.validation.predict import breakdown, predict
from tests.validation.sample import sample

ROWS = sample()
PREDICTED = predict(ROWS)


def errors(metric: str) -> np.ndarray:
    return np.array([getattr(each, metric) / getattr(each.row, metric) - 1 for each in PREDICTED])


@pytest.mark.parametrize(
    ("metric", "median", "p90"),
    [("tpot_s", 0.075, 0.22), ("ttft_s", 0.23, 0.95)],
)
def test_errors_do_not_grow(metric: str, median: float, p90: float) -> None:
    """On a small sample, fitted on all chips. A better model lowers these bounds; a worse one may not raise them."""
    sizes = np.abs(errors(metric))
    assert np.median(sizes) <= median
    assert np.quantile(sizes, 0.9) <= p90
    assert abs(np.median(errors(metric))) <= 0.06


def test_the_fit_and_the_answer_use_the_same_equations() -> None:
    """The fast composition that overheads are fitted with equals the path of every other answer."""
    names = tuple(Overheads.model_fields)
    numbers = {name: np.array([getattr(overheads(row.framework, row.harness), name) for row in ROWS]) for name in names}
    fast = composed(features(ROWS), ROWS, numbers)
    assert fast.tpot_s == pytest.approx([each.tpot_s for each in PREDICTED], rel=1e-6)
    assert fast.ttft_s == pytest.approx([each.ttft_s for each in PREDICTED], rel=1e-6)


def test_rows_come_back_in_their_order() -> None:
    shuffled = tuple(reversed(ROWS))
    assert [each.row.id for each in predict(shuffled)] == [row.id for row in shuffled]
    assert [each.tpot_s for each in predict(shuffled)] == [each.tpot_s for each in reversed(PREDICTED)]


def test_a_chip_left_out_is_predicted_without_its_numbers() -> None:
    without = predict(ROWS, "chip")
    assert any(one.tpot_s != other.tpot_s for one, other in zip(PREDICTED, without, strict=True))


def test_the_breakdown_adds_up() -> None:
    row = ROWS[0]
    tree = breakdown(row, PREDICTED[0])
    decode = next(child for child in tree.children if child.name == "decode step")
    assert sum(child.value or 0.0 for child in decode.children) == pytest.approx(decode.value)
    assert "measured" in tree.children[0].note


def test_labels_become_formats() -> None:
    formats = {(row.model, row.precision, row.chip): deployment_of(row).precision for row in ROWS}
    for (model, precision, chip), served in formats.items():
        if "gpt-oss" in model:
            assert served.experts == ("w4a8_mxfp4_mxfp8" if chip.startswith("b") else "w4a16_mxfp4")
        elif precision == "fp4":
            assert served.experts == "nvfp4"
        elif precision == "bf16":
            assert served.attention == "bf16"
