"""Sobol indices: which part of the variance of an output an input explains, alone and with all others."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from assay.core.array import FloatArray


@dataclass(frozen=True, slots=True)
class Indices:
    """First-order and total indices of each input, shape (inputs,)."""

    first: FloatArray
    total: FloatArray


def radial_scores(inputs: int, base: int, seed: int) -> npt.NDArray[np.float32]:
    """Return the standard normal scores at which the model is evaluated, shape (inputs, base x (inputs + 2)).

    Columns are A, then B, then for each input A with that input's row taken from B (Saltelli's design).
    """
    rng = np.random.Generator(np.random.PCG64(seed))
    a, b = rng.standard_normal((2, inputs, base), dtype=np.float32)
    blocks = [a, b]
    for row in range(inputs):
        mixed = a.copy()
        mixed[row] = b[row]
        blocks.append(mixed)
    return np.concatenate(blocks, axis=1)


def sobol_indices(outputs: FloatArray, inputs: int) -> Indices:
    """Estimate the indices from outputs at `radial_scores`.

    First order after Saltelli et al. (2010), total after Jansen (1999):

        S_i = mean(f_B (f_ABi - f_A)) / V        T_i = mean((f_A - f_ABi)^2) / (2 V)

    with V the variance over A and B together, and outputs centred for accuracy. Inputs are independent by design; the
    estimates may fall outside 0 to 1 by their sampling error, about 1 / sqrt(base).
    """
    blocks = outputs.reshape(inputs + 2, -1)
    blocks = blocks - blocks[:2].mean()
    a, b, mixed = blocks[0], blocks[1], blocks[2:]
    variance = np.var(blocks[:2])
    if variance == 0:
        return Indices(np.zeros(inputs), np.zeros(inputs))
    first = np.mean(b * (mixed - a), axis=1) / variance
    total = np.mean((a - mixed) ** 2, axis=1) / (2 * variance)
    return Indices(first, total)
