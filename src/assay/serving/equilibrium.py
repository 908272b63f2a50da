"""The equations of a closed loop, on seconds: nothing about models or chips."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from assay.core.array import Number

ITERATIONS: Final = 12
"""Damped by one half, the fixed point is reached to below 0.1 % from its upper start."""
BUSIEST: Final = 0.95
"""Cap on the load of the prefill queue: beyond it the mean wait has no meaning."""


@dataclass(frozen=True, slots=True)
class Steps:
    """The steps of which a closed loop is made, s."""

    decode_s: Number
    """A decode step, per token."""
    prefill_s: Number
    """The prefill of one prompt, alone."""
    intrusion_s: Number
    """What one foreign prefill takes from running decodes."""
    crowd_s: Number
    """A prefill of `crowd` prompts at once."""
    crowd: Number


def time_per_output_token(steps: Steps, concurrency: Number, output_tokens: Number) -> Number:
    """Return the mean TPOT of `concurrency` requests of which a finished one is replaced at once.

    TPOT = T_d + n D / output, n = (C - 1) output TPOT / (output TPOT + T_p): of the other requests, those that decode
    while one prefills. Solved from n = C - 1 downwards.
    """
    others = np.maximum(np.subtract(concurrency, 1.0), 0.0)
    decoding, tpot_s = others, steps.decode_s
    for _ in range(ITERATIONS):
        tpot_s = steps.decode_s + decoding * steps.intrusion_s / output_tokens
        share = output_tokens * tpot_s / (output_tokens * tpot_s + steps.prefill_s)
        decoding = 0.5 * (decoding + others * share)
    return tpot_s


def in_waves(steps: Steps, sequences: Number, output_tokens: Number) -> Number:
    """Return the mean TPOT of requests that stay in step and prefill together, crowd after crowd."""
    return steps.decode_s + (np.ceil(np.divide(sequences, steps.crowd)) - 1.0) / 2.0 * steps.crowd_s / output_tokens


def queueing(steps: Steps, tpot_s: Number, sequences: Number, output_tokens: Number, servers: Number = 1.0) -> Number:
    """Return the mean wait for earlier prefills: M/D/1 at the load that `sequences` requests of one rank put on it."""
    load = (np.asarray(sequences) - 1.0) * steps.prefill_s / (np.multiply(output_tokens, tpot_s) + steps.prefill_s)
    load = np.clip(load / servers, 0.0, BUSIEST)
    return steps.prefill_s * load / (2.0 * (1.0 - load))


def burst(steps: Steps, sequences: Number, share: float) -> Number:
    """Return what a start of all clients at once adds to the mean TTFT, `share` of the requests being of that start."""
    return share * (np.asarray(sequences) - 1.0) / 2.0 * steps.crowd_s / steps.crowd
