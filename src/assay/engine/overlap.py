"""Two-batch overlap: one half of a batch computes while the tokens of the other half travel to their experts."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from assay.core.array import Number
from assay.engine.deployment import Deployment
from assay.engine.line import Line, total
from assay.kernels.alltoall import COPY_CORES
from assay.llm.operator import ExpertAllToAll


def overlapped(
    deployment: Deployment, lines_of: Callable[[Number], tuple[Line, ...]], batch: Number, *, copies_on_cores: bool
) -> tuple[Line, ...]:
    """Return the lines of a step, split in two halves that overlap where that is faster.

    T = max(2 compute(b / 2), 2 all-to-all(b / 2)), against compute(b) + all-to-all(b) in one piece. What is hidden
    stands as a line of negative time, so that lines always add up to the step.

    Parameters
    ----------
    lines_of
        The lines of a step at a batch.
    copies_on_cores
        The all-to-all runs on some of the cores (normal mode); they are missing from the compute.

    Notes
    -----
    Applies to layouts with all-to-all under frameworks that do it, from two sequences per rank on. Perfect but for the
    missing cores: no contention for memory is modelled, and none was measured here.
    """
    serial = lines_of(batch)
    exchanges = np.asarray(deployment.layout.all_to_all, dtype=bool)
    if not deployment.engine.overlaps_all_to_all or not exchanges.any():
        return serial
    halves = tuple(line.times(2.0) for line in lines_of(np.divide(batch, 2.0)))
    travel_s = total(line.seconds for line in halves if isinstance(line.operator, ExpertAllToAll))
    compute_s = total(line.seconds for line in halves if not isinstance(line.operator, ExpertAllToAll))
    cores = deployment.silicon.cores
    slowdown = cores / max(cores - COPY_CORES, COPY_CORES) if copies_on_cores else 1.0
    together_s = np.maximum(compute_s * slowdown, travel_s)
    splits = exchanges & np.greater_equal(batch, 2.0) & (together_s < total(line.seconds for line in serial))
    hidden = Line(None, "overlap.hidden", together_s - compute_s - travel_s, 0.0)
    split = tuple(line.times(splits) for line in (*halves, hidden))
    return tuple(line.times(~splits) for line in serial) + split
