"""What fits into the memory of a deployment."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from assay.core.array import Number
from assay.engine.deployment import Deployment
from assay.llm.memory import kv_bytes_per_chip, mtp_bytes, weight_bytes_per_chip

DRIVER_VISIBLE: Final = 0.995
"""Share of the nominal memory that the driver reports: H100 85.5e9 of 80 GiB, H200 150.7e9 of 141 GiB."""

PEAK_OUTPUT: Final = 0.6
"""A running sequence holds its prompt and, at the fuller moments, this share of its output (mean: one half)."""


@dataclass(frozen=True, slots=True)
class MemoryUse:
    """Bytes on the fullest chip of a deployment, and how many sequences they allow."""

    usable_bytes: Number
    weights_bytes: Number
    kv_bytes: Number
    """Left for the KV cache; negative where the weights alone do not fit."""
    kv_bytes_per_sequence: Number
    sequences: Number
    """Sequences per attention rank that the cache holds; below 1 where not even one fits."""


def memory_use(deployment: Deployment, input_tokens: Number, output_tokens: Number) -> MemoryUse:
    """Return the memory of a deployment whose sequences have the given mean lengths.

    Notes
    -----
    kv = fraction (visible - weights - reserved), and one sequence holds input + 0.6 output tokens; source: composition
    of 2,475 measured deployments, where deployments beyond 1.5 times the capacity show KV-limited times.
    """
    number = deployment.engine.number
    visible = deployment.silicon.memory_bytes * DRIVER_VISIBLE
    weights = weight_bytes_per_chip(deployment.architecture, deployment.layout, deployment.precision)
    if deployment.speculation.draft_tokens:
        drafter = mtp_bytes(deployment.architecture, deployment.precision)
        weights = weights + np.divide(drafter, deployment.layout.world)
    kv = number("memory_fraction") * (visible - weights - number("reserved_bytes"))
    tokens = np.add(input_tokens, np.multiply(PEAK_OUTPUT, output_tokens))
    per_sequence = kv_bytes_per_chip(deployment.architecture, tokens, deployment.layout, deployment.precision)
    return MemoryUse(
        usable_bytes=number("memory_fraction") * (visible - number("reserved_bytes")),
        weights_bytes=weights,
        kv_bytes=kv,
        kv_bytes_per_sequence=per_sequence,
        sequences=np.maximum(kv, 0.0) / per_sequence,
    )
