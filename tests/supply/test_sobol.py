"""The Sobol indices against SALib, and against a function whose indices are known."""

import numpy as np
import pytest
from SALib.analyze import sobol as salib

from assay.supply.sobol import radial_scores, sobol_indices

INPUTS, BASE = 4, 4096


def model(scores: np.ndarray) -> np.ndarray:
    a, b, c, _ = scores
    return 3 * a + b * c + 0.5 * b


def test_indices_are_those_of_salib() -> None:
    outputs = model(radial_scores(INPUTS, BASE, 1))
    ours = sobol_indices(outputs, INPUTS)
    a, b, *mixed = outputs.reshape(INPUTS + 2, BASE)
    ordered = np.stack([a, *mixed, b], axis=1).ravel()  # SALib wants A, AB_1 .. AB_k, B of each base sample in turn
    problem = {"num_vars": INPUTS, "names": list("abcd"), "bounds": [[0, 1]] * INPUTS}
    theirs = salib.analyze(problem, ordered, calc_second_order=False, num_resamples=2, seed=1)
    assert ours.first == pytest.approx(theirs["S1"], abs=2e-3)
    assert ours.total == pytest.approx(theirs["ST"], abs=2e-3)


def test_indices_of_a_known_function() -> None:
    # variances: 9 of a, 0.25 of b, 1 of b with c, nothing of d
    ours = sobol_indices(model(radial_scores(INPUTS, 1 << 15, 7)), INPUTS)
    whole = 10.25
    assert ours.first == pytest.approx([9 / whole, 0.25 / whole, 0, 0], abs=0.03)
    assert ours.total == pytest.approx([9 / whole, 1.25 / whole, 1 / whole, 0], abs=0.03)


def test_a_constant_has_no_cause() -> None:
    ours = sobol_indices(np.ones(10 * (INPUTS + 2)), INPUTS)
    assert not ours.first.any()
    assert not ours.total.any()
