"""Element-wise kernels: static fp8 quantisation stands for all."""

from __future__ import annotations

from functools import partial
from typing import Final

import numpy as np

from assay.kernels import elementwise
from assay.kernels.coefficients import Theta
from assay.kernels.fit.families.family import US, FamilyFit, priors
from assay.kernels.fit.rows import Column, Rows
from assay.kernels.fit.tables import Table, read
from assay.kernels.silicon import Silicon

QUANTISE: Final = Table("quantize", "scale_matrix_perf", ("m", "k"))
ELEMENTWISE_PRIORS: Final = priors(t0=(2 * US, 1.0), eta=(0.8, 0.2), kap=(0.7, 0.5), phi=(19.2, 0.7))


def elementwise_predict(rows: Rows, theta: Theta, chip_: Silicon) -> Column:
    """Seconds of static fp8 quantisation: two bytes read and one written per element."""
    traffic = 3.0 * rows.shapes["m"] * rows.shapes["k"]
    return np.asarray(elementwise.time(traffic, theta, chip_, warm=True).seconds)


FAMILIES: Final = (
    FamilyFit(
        "element_wise",
        "elementwise",
        "element-wise: static fp8 quantisation",
        partial(read, QUANTISE),
        elementwise_predict,
        ELEMENTWISE_PRIORS,
        ("t0", "eta"),
        ("t0", "phi"),
        software_axis="framework",
        most=300,
    ),
)
