"""Element-wise kernels: norms, activations, rotary embeddings, quantisation."""

from __future__ import annotations

import numpy as np

from assay.core.array import Number
from assay.kernels.coefficients import Theta
from assay.kernels.machine import Cost, Machine, residency
from assay.kernels.silicon import Silicon
from assay.llm.operator import Elementwise


def cost(operator: Elementwise, machine: Machine) -> Cost:
    """Return the cost of the launches of an element-wise operator in prediction.

    Only launches and memory: the load term of the fitted form belongs to the shapes of the measured kernel
    (quantisation), not to element-wise work at large.
    """
    theta = machine.theta("element_wise", machine.software.framework)
    traffic = np.asarray(operator.traffic_bytes, dtype=float)
    variable = traffic / (theta.eta * machine.silicon.bandwidth_bytes_per_s)
    return Cost(variable, theta.t0 * machine.silicon.launch * np.asarray(operator.launches, dtype=float))


def family(_: Elementwise, __: Machine) -> str:
    """Return the family whose measurements stand behind the cost."""
    return "element_wise"


def time(traffic_bytes: Number, theta: Theta, silicon: Silicon, *, warm: bool = False) -> Cost:
    """Return the cost of one measured kernel: t = t0 + sqrt((V / (eta BW))^2 + (V / (phi S f))^2).

    Notes
    -----
    Fitted on static fp8 quantisation (2 bytes read and 1 written per element). The prototype's median absolute error is
    16 % on an unseen generation, 12 % on seen chips. Source: aiconfigurator-core-0-12-0.
    """
    traffic = np.asarray(traffic_bytes, dtype=float)
    cold = 1.0 - residency(traffic, theta.kap * silicon.l2_bytes) if warm else 1.0
    t_memory = cold * traffic / (theta.eta * silicon.bandwidth_bytes_per_s)
    t_load = traffic / (theta.phi / 64.0 * silicon.load_bytes_per_s * silicon.cores)
    return Cost(np.sqrt(np.square(t_memory) + np.square(t_load)), theta.t0 * silicon.launch)
