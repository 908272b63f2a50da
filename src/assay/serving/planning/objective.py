"""What makes one candidate better than another."""

from __future__ import annotations

import numpy as np

from assay.core.array import FloatArray
from assay.economics.cost import SECONDS_PER_HOUR
from assay.serving.planning.request import PlanRequest


def value(
    request: PlanRequest, *, chips: FloatArray, requests_per_s: FloatArray, usd_per_h: FloatArray, w: FloatArray
) -> FloatArray:
    """Return what is to be as large as can be; NaN where a price or a power that it needs is not known.

    throughput: output tok/s a chip, idle chips of those at hand counted; chips: 1 / chips; cost: output tokens a
    dollar; energy: output tokens a joule.
    """
    tok_per_s = requests_per_s * request.output_tokens
    match request.goal:
        case "throughput":
            return tok_per_s / (chips if request.has_load or request.chips is None else float(request.chips))
        case "chips":
            return 1.0 / chips
        case "cost":
            return tok_per_s * SECONDS_PER_HOUR / usd_per_h
        case "energy":
            return np.asarray(tok_per_s / w)
