"""Hyper-connections (mHC): the mixing of several residual streams around a layer."""

from __future__ import annotations

import numpy as np

from assay.kernels import single
from assay.kernels.machine import Cost, Machine
from assay.kernels.single import Work
from assay.llm.operator import HyperConnection


def cost(operator: HyperConnection, machine: Machine) -> Cost:
    """Return the cost of mixing the streams at both sites of a layer."""
    framework = machine.software.framework
    theta = machine.theta("mhc", f"{framework}_{operator.site}" if framework else "")
    return single.time(work(operator), theta, machine.silicon)


def work(operator: HyperConnection) -> Work:
    """Count two sites: before the block a product with 24 mixing weights per stream, after it the mixing itself."""
    tokens = np.asarray(operator.tokens, dtype=float)
    width = operator.streams * operator.hidden
    if operator.site == "pre":
        return Work(
            flop=4.0 * tokens * width * 24.0,
            bytes=2.0 * (tokens * (2.0 * width + 2.0 * operator.hidden) + 96.0 * width),
            ctas=tokens / 64.0,
            steps=2.0,
        )
    return Work(
        flop=4.0 * tokens * operator.streams * width,
        bytes=2.0 * tokens * (4.0 * width + 2.0 * operator.hidden),
        ctas=tokens,
        steps=2.0,
    )
