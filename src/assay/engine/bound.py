"""What binds a step, and how far it is from the speed of light."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from assay.core.interval import Interval
from assay.engine.deployment import Deployment
from assay.engine.line import Line, StepTime
from assay.kernels.silicon import Silicon
from assay.kernels.speed_of_light import LINK_SECONDS, WORK, speed_of_light_s


@dataclass(frozen=True, slots=True)
class Bound:
    """The limits of one step, as shares of its time."""

    bound_by: str
    """capacity where memory stops the batch from growing, else the greatest of `shares`."""
    shares: Mapping[str, float]
    """compute, bandwidth, link: time of the operators that each limits, launches left out; latency floor: those."""
    roofline_fraction: float
    """Speed-of-light time of all operators over the time of the step."""
    utilisation: Interval
    """Share of the step in which the busier of the tensor units and the memory is busy at its datasheet rate."""


def bound(deployment: Deployment, step: StepTime, *, capacity_bound: bool) -> Bound:
    """Return what binds a step of a single deployment (plain numbers, no arrays)."""
    total_s = float(step.seconds)
    spent = {"compute": 0.0, "bandwidth": 0.0, "link": 0.0, "latency floor": 0.0}
    compute_s = memory_s = ideal_s = 0.0
    for line in step.lines:
        spent["latency floor"] += float(line.floor_s)
        if line.operator is None:
            continue
        least = _limits(line, deployment.silicon)
        spent[max(least, key=lambda limit: least[limit])] += float(line.variable_s)
        compute_s += least["compute"]
        memory_s += least["bandwidth"]
        ideal_s += float(np.multiply(speed_of_light_s(line.operator, deployment.silicon), line.launches))
    shares = {limit: seconds / total_s for limit, seconds in spent.items()}
    binding = "capacity" if capacity_bound else max(shares, key=lambda limit: shares[limit])
    busy = min(max(compute_s, memory_s) / total_s, 1.0)
    return Bound(binding, shares, ideal_s / total_s, Interval.exact(busy))


def _limits(line: Line, silicon: Silicon) -> dict[str, float]:
    """Speed-of-light seconds of a line by what would limit it."""
    operator = line.operator
    least = {"compute": 0.0, "bandwidth": 0.0, "link": 0.0}
    if operator is None:
        return least
    if type(operator) in LINK_SECONDS:
        least["link"] = float(np.multiply(LINK_SECONDS[type(operator)](operator, silicon), line.launches))
        return least
    work = WORK[type(operator)](operator)
    least["compute"] = float(np.multiply(work.flop, line.launches)) / silicon.peak(work.tensor)
    least["bandwidth"] = float(np.multiply(work.bytes, line.launches)) / silicon.bandwidth_bytes_per_s
    return least
