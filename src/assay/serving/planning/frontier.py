"""Which of many points no other point beats."""

from __future__ import annotations

import numpy as np

from assay.core.array import FloatArray
from assay.serving.traffic.requests import IntArray


def efficient(costs: FloatArray) -> IntArray:
    """Return the rows that no other row beats or equals in every column, less being better; of equal rows one.

    Each round takes a row that is known to stay and throws out all that it beats: as many rounds as rows are left.
    """
    rows: IntArray = np.argsort(costs.sum(axis=1), kind="stable")
    left = costs[rows]
    at = 0
    while at < len(left):
        stays = (left < left[at]).any(axis=1)
        stays[at] = True
        rows, left = rows[stays], left[stays]
        at = int(stays[:at].sum()) + 1
    return np.sort(rows)


def front(seconds: FloatArray, value: FloatArray, order: IntArray) -> IntArray:
    """Return the points, fastest first, that are worth more than every faster one.

    Parameters
    ----------
    seconds
        Less is better.
    value
        More is better.
    order
        All points by preference; of points equal in both, the first in it stays.
    """
    ranked = order[np.lexsort((-value[order], seconds[order]))]
    best_before = np.concatenate([[-np.inf], np.maximum.accumulate(value[ranked])[:-1]])
    return ranked[value[ranked] > best_before]
