"""The number type of the vectorised rooms."""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

FloatArray: TypeAlias = npt.NDArray[np.float64]
Number: TypeAlias = float | npt.NDArray[Any]
"""A float or an array; all numbers of one call broadcast against each other."""
