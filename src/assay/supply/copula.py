"""Correlated standard normal scores, one stream of random numbers per input."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt

from assay.core.array import FloatArray

Scores = npt.NDArray[np.float32]
"""Standard normal scores, one row per input, one column per sample."""

_LEAST_EIGENVALUE = 1e-6


def correlation_matrix(names: Sequence[str], pairs: Mapping[tuple[str, str], float]) -> FloatArray:
    """Return the matrix of the Gaussian copula: 1 on the diagonal, `pairs` beside it, 0 elsewhere."""
    row = {name: index for index, name in enumerate(names)}
    matrix = np.eye(len(names))
    for (one, other), rho in pairs.items():
        matrix[row[one], row[other]] = matrix[row[other], row[one]] = rho
    return matrix


def positive_definite(matrix: FloatArray) -> bool:
    """Tell whether the matrix can be the correlation of anything: its least eigenvalue is above 1e-6."""
    return bool(np.linalg.eigvalsh(matrix)[0] > _LEAST_EIGENVALUE)


def independent_scores(names: Sequence[str], samples: int, seed: int) -> Scores:
    """Return standard normal scores, shape (inputs, samples).

    Every input owns a stream keyed by seed and name: adding an input, or asking for more samples, changes no
    number already drawn. This is what makes two scenarios comparable sample by sample.
    """
    scores = np.empty((len(names), samples), np.float32)
    for row, name in zip(scores, names, strict=True):
        _stream(seed, name).standard_normal(dtype=np.float32, out=row)
    return scores


def correlate(scores: Scores, matrix: FloatArray) -> Scores:
    """Return scores with the given correlation: L e with L L' = matrix, in row order.

    Only the entries of L that are not zero are visited, in a fixed order, so the bytes do not depend on a BLAS.
    """
    factor = np.linalg.cholesky(matrix)
    correlated = np.empty_like(scores)
    for row, weights in enumerate(factor):
        correlated[row] = scores[row] * np.float32(weights[row])
        for column in np.flatnonzero(weights[:row]):
            correlated[row] += scores[column] * np.float32(weights[column])
    return correlated


def _stream(seed: int, name: str) -> np.random.Generator:
    key = int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], "big")
    return np.random.Generator(np.random.PCG64(np.random.SeedSequence([seed, key])))
