"""Published figures of whole nodes stay plausible, and the page about them is fresh."""

from __future__ import annotations

from pathlib import Path

import pytest

from assay.catalogue.sources import sources
from assay.validation.public import Comparison, comparisons, page

FOUND = comparisons()


@pytest.mark.parametrize("comparison", FOUND, ids=lambda comparison: comparison.figure.name)
def test_a_figure_is_near_or_its_distance_is_explained(comparison: Comparison) -> None:
    assert comparison.figure.source in sources()
    assert comparison.near or comparison.figure.remark
    interval = comparison.predicted_tok_per_s_per_chip
    assert interval.low < interval.value < interval.high


def test_most_figures_are_near() -> None:
    assert sum(comparison.near for comparison in FOUND) >= len(FOUND) - 1


def test_the_page_is_fresh() -> None:
    """Regenerate with: python -m assay.validation.public > docs/plausibility.md"""
    written = Path(__file__).parents[2] / "docs" / "plausibility.md"
    assert written.read_text(encoding="utf-8") == page()
