"""The copula against scipy, and its streams."""

import numpy as np
import pytest
import scipy.stats
from hypothesis import given
from hypothesis import strategies as st

from assay.supply.copula import correlate, correlation_matrix, independent_scores, positive_definite

NAMES = ("a", "b", "c", "d")


def test_scores_have_the_correlation_asked_for() -> None:
    matrix = correlation_matrix(NAMES, {("a", "b"): 0.7, ("b", "d"): -0.4})
    scores = correlate(independent_scores(NAMES, 200_000, 3), matrix)
    assert np.corrcoef(scores) == pytest.approx(matrix, abs=0.01)
    expected = 6 / np.pi * np.arcsin(0.7 / 2)  # rank correlation of a Gaussian copula
    assert scipy.stats.spearmanr(scores[0], scores[1]).statistic == pytest.approx(expected, abs=0.01)


def test_each_row_is_standard_normal() -> None:
    matrix = correlation_matrix(NAMES, {("a", "b"): 0.7, ("a", "c"): 0.3})
    for row in correlate(independent_scores(NAMES, 50_000, 5), matrix):
        assert scipy.stats.kstest(row, "norm").pvalue > 1e-3


@given(st.integers(0, 2**63), st.integers(1, 50), st.integers(1, 50))
def test_a_stream_belongs_to_its_name_and_grows_at_its_end(seed: int, few: int, more: int) -> None:
    alone = independent_scores(["b"], few, seed)
    among = independent_scores(NAMES, few + more, seed)
    assert (among[1, :few] == alone[0]).all()


def test_a_correlation_touches_no_other_input() -> None:
    scores = independent_scores(NAMES, 100, 1)
    mixed = correlate(scores, correlation_matrix(NAMES, {("a", "b"): 0.7}))
    assert (mixed[[0, 2, 3]] == scores[[0, 2, 3]]).all()


def test_impossible_correlations_are_seen() -> None:
    pairs = {("a", "b"): 0.9, ("b", "c"): 0.9, ("a", "c"): -0.9}
    assert not positive_definite(correlation_matrix(NAMES, pairs))
    assert positive_definite(correlation_matrix(NAMES, {}))
