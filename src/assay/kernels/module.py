"""What a measured attention module takes beyond its kernels: small launches and traffic that no operator counts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from assay.core.array import Number
from assay.kernels.machine import Cost, Machine

Module = Literal["mla", "dsa", "csa", "hca"]


@dataclass(frozen=True, slots=True)
class Remainder:
    """A module is `scale` times the sum of its operators, plus `extra` per layer."""

    scale: float
    extra: Cost


def remainder(
    module: Module, phase: Literal["prefill", "decode"], intermediate_bytes: Number, machine: Machine
) -> Remainder:
    """Return what was measured of a module beside its operators, under CUDA graphs (host time left out).

    t_module = s x sum of operators + tf + cm x intermediate bytes / BW.

    Parameters
    ----------
    module
        Kind of attention.
    phase
        Prefill or decode.
    intermediate_bytes
        Tensors between the operators (low-rank queries, queries, output), read and written once.
    machine
        Chip, framework and coefficients. Frameworks without a fit get the family's mean.

    Notes
    -----
    The remainder is norms, rotary embeddings, quantisation, cache writes and index bookkeeping: where a composition
    lists those as element-wise operators, adding this counts them twice. Published median error of the module with it:
    5 to 13 % on seen chips in decode, 9 to 22 % in prefill. Source: aiconfigurator-core-0-12-0.
    """
    theta = machine.theta(f"{module}_{phase}_module", machine.software.framework)
    traffic_s = theta.cm * np.asarray(intermediate_bytes, dtype=float) / machine.silicon.bandwidth_bytes_per_s
    return Remainder(theta.s, Cost(traffic_s, theta.tf))
