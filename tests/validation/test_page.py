"""The scoreboard is made from its data alone, and is fresh."""

from __future__ import annotations

from pathlib import Path

import pytest

from assay.catalogue.door import read_json
from assay.validation.page import DATA, page, pictures
from assay.validation.peer import OURS, PEER, PeerRow, side_by_side
from assay.validation.predict import predict
from assay.validation.scatter import counts, scatter
from assay.validation.score import Scored
from tests.validation.sample import sample

DOCS = Path(__file__).parents[2] / "docs"


def test_the_page_and_its_pictures_are_fresh() -> None:
    """Regenerate with: python -m assay.validation.page"""
    board = read_json(DATA)
    assert (DOCS / "validation.md").read_text(encoding="utf-8") == page(board)
    for name, picture in pictures(board).items():
        assert (DOCS / "images" / name).read_text(encoding="utf-8") == picture


def test_a_perfect_prediction_lies_on_the_diagonal() -> None:
    perfect = [Scored("x", "tpot_s", {}, value, value, value, value) for value in (0.003, 0.02, 0.3)]
    cells = counts(perfect)
    assert sum(cells.values()) == 3
    assert all(len(set(key.split(","))) == 1 for key in cells)
    assert scatter(cells, "a < b").startswith("<svg")
    assert "a &lt; b" in scatter(cells, "a < b")


def test_the_peer_is_compared_on_rows_that_both_predict() -> None:
    predicted = predict(sample()[:20])
    first = next(each for each in predicted if not each.set_aside)
    peer = {first.row.id: PeerRow(id=first.row.id, ttft_s=1.0, tpot_s=2.0 * (first.row.tpot_s or 0.0))}
    both = [each for each in side_by_side(predicted, peer) if each.metric == "tpot_s"]
    assert {each.by["tool"] for each in both} == {OURS, PEER}
    assert next(each for each in both if each.by["tool"] == PEER).error == pytest.approx(1.0)
    assert not list(side_by_side(predicted, {}))
