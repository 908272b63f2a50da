"""One law for any single kernel: counted work, seven coefficients. The families that use it only count."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from assay.core.array import Number
from assay.kernels.coefficients import Theta
from assay.kernels.machine import Cost, p_norm, residency, warm_bytes, waves
from assay.kernels.silicon import Silicon

WAVE_SHARE: Final = 0.3
"""Share of a partly filled wave that is paid in full: fixed in the fit."""


@dataclass(frozen=True, slots=True)
class Work:
    """What a kernel does, padding included."""

    flop: Number
    bytes: Number
    ctas: Number
    """Independent blocks of work, each on one core."""
    steps: Number = 1.0
    """Serial steps inside a block."""
    tensor: str = "bf16"
    """Format whose peak applies."""


def time(work: Work, theta: Theta, silicon: Silicon, *, warm: bool = False) -> Cost:
    """Return the cost of a kernel that does `work`.

    t = t0 + |waves (sqrt(t_mma^2 + t_load^2) + steps ts), V / (eta BW)|_p, per CTA: t_mma = F / C on one core's share
    of the peak, t_load = V / C at phi bytes per clock.

    Notes
    -----
    Ten kernels of sparse, linear and latent attention were fitted. The published median absolute error on an unseen
    generation is 10 to 23 % (top-k 20, recurrent decode 18 to 20), 6 to 20 % on seen chips.
    Source: aiconfigurator-core-0-12-0.
    """
    ctas = np.maximum(work.ctas, 1.0)
    core_flop_per_s = theta.e * silicon.peak(work.tensor) / silicon.cores
    t_mma = np.divide(work.flop, ctas) / core_flop_per_s
    t_load = np.divide(work.bytes, ctas) / (theta.phi / 64.0 * silicon.load_bytes_per_s)
    inside = np.sqrt(np.square(t_mma) + np.square(t_load)) + np.multiply(work.steps, theta.ts)
    cold = 1.0 - residency(work.bytes, theta.kap * warm_bytes(silicon)) if warm else 1.0
    t_memory = cold * np.asarray(work.bytes) / (theta.eta * silicon.bandwidth_bytes_per_s)
    return Cost(p_norm(theta.p, waves(ctas, silicon.cores, WAVE_SHARE) * inside, t_memory), theta.t0)
