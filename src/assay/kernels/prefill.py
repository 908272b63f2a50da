"""Prefill attention: GQA with windows and cached prefixes; MLA prefill is the same with other widths."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from assay.core.array import Number
from assay.kernels.coefficients import Theta
from assay.kernels.machine import POWER_HEADROOM, Cost, Machine, p_norm, residency, warm_bytes
from assay.kernels.silicon import Silicon
from assay.llm.operator import PrefillAttention
from assay.llm.precision import KV_BYTES

QUERY_TILE: Final = 128
"""Query rows of one CTA; shorter prompts take the next power of two from 16."""
ROWS: Final = 16
"""Query rows of one tensor instruction."""
FLASHINFER_MMA: Final = "flashinfer_mma"
"""FlashInfer on mma.sync chips, FlashAttention-2 in substance; others run kernels written for their instructions."""
PACKED: Final = frozenset({"fa2", "fa3", "flashinfer", FLASHINFER_MMA})
"""Kernel classes that put the query heads of one KV head side by side into a tile, so that short prompts fill it."""


@dataclass(frozen=True, slots=True)
class Span:
    """What the queries of one sequence attend: `new` tokens after `cached` ones, at most `window` back each."""

    new: Number
    cached: Number = 0.0
    window: Number | None = None

    @property
    def limit(self) -> Number:
        """Most keys of a query; the whole sequence where there is no window."""
        limit: Number = np.minimum(np.inf if self.window is None else self.window, np.add(self.cached, self.new))
        return limit

    @property
    def pairs(self) -> Number:
        """Pairs of query and key: query i attends min(cached + i, window)."""
        limit = self.limit
        growing = np.clip(np.subtract(limit, self.cached), 0.0, self.new)  # queries that still see everything
        ramp = growing * np.asarray(self.cached) + growing * (growing + 1.0) / 2.0
        pairs: Number = ramp + np.subtract(self.new, growing) * limit
        return pairs

    @property
    def tile(self) -> Number:
        """Query rows of one CTA."""
        tile: Number = np.clip(2.0 ** np.ceil(np.log2(np.maximum(self.new, 1.0))), 16.0, QUERY_TILE)
        return tile

    @property
    def padded_pairs(self) -> Number:
        """Pairs in whole tiles: tile j of the queries attends j tiles and the cached ones, a window one tile more."""
        tile = self.tile
        tiles = np.ceil(self.new / tile)
        cached = tile * np.ceil(self.cached / tile)
        window = np.inf if self.window is None else self.window
        limit = np.minimum(tile * np.ceil(window / tile) + tile, cached + tile * tiles)
        growing = np.clip((limit - cached) / tile, 0.0, tiles)
        ramp = growing * cached + tile * growing * (growing + 1.0) / 2.0
        return tile * (ramp + (tiles - growing) * limit)


@dataclass(frozen=True, slots=True)
class Heads:
    """Heads of an attention on one chip: queries, KV, and the mean width of a query-key and a weight-value product."""

    query: Number
    kv: Number
    dim: Number


def cost(operator: PrefillAttention, machine: Machine) -> Cost:
    """Return the cost of prefill attention in prediction."""
    heads = Heads(operator.heads, operator.kv_heads, operator.head_dim)
    span = Span(operator.new_tokens, operator.cached_tokens, operator.window)
    peak = machine.silicon.peak(operator.compute)
    kernel = kernel_class(machine.software.attention, machine.silicon)
    theta = machine.theta(family(operator, machine), kernel)
    kv_bytes = KV_BYTES[operator.kv]
    return time(operator.batch, span, heads, kv_bytes, peak, theta, machine.silicon, packed=kernel in PACKED)


def kernel_class(name: str, silicon: Silicon) -> str:
    """Return the kernel that a class of prefill attention is on a chip."""
    return FLASHINFER_MMA if name == "flashinfer" and silicon.tensor_issue == "mma_sync" else name


def family(operator: PrefillAttention, _: Machine) -> str:
    """Return the family whose measurements stand behind the cost."""
    return f"prefill_attention_{operator.compute}"


def time(
    batch: Number,
    span: Span,
    heads: Heads,
    kv_bytes: Number,
    peak: float,
    theta: Theta,
    silicon: Silicon,
    *,
    packed: bool = False,
    operand_bytes: float = 2.0,
    warm: bool = False,
) -> Cost:
    """Return the cost of causal attention of `batch` sequences.

    t = t0 + sqrt(t_tiles^2 + t_last^2 + t_memory^2) with t_tiles = |t_mma, t_exp, t_power|_p + per-tile overhead of
    all CTAs, and t_last the longest CTA alone on its core. mma.sync chips spend efm per FLOP, others ef.

    Parameters
    ----------
    batch
        Sequences.
    span, heads
        What their queries attend, and with which heads.
    kv_bytes
        Bytes of an element of the KV cache that is written.
    peak
        Dense tensor peak of the format that attention is computed in, FLOP/s.
    theta
        Coefficients of a prefill family.
    silicon
        The chip.
    packed
        The query heads of one KV head share tiles.
    operand_bytes
        Bytes of what the tensor cores multiply: the energy of a FLOP follows them.
    warm
        As benchmarks measure, with inputs left in L2 from the run before.

    Notes
    -----
    Without a cached prefix this is the fitted form (batch 1 to 256, 1 to 16,384 tokens, head dims 64 to 256); cached
    tokens extend pairs, padded pairs and the bytes read by counting, unfitted. The prototype's median absolute error
    is 23 % (bf16) and 28 % (fp8) on an unseen generation, 15 and 12 % on seen chips.
    Source: aiconfigurator-core-0-12-0.
    """
    new = np.asarray(span.new, dtype=float)
    sequences = np.multiply(batch, heads.query)
    softmax = (heads.dim / 128.0) ** (theta.gh - 1.0)
    pairs, rows = span.padded_pairs, new
    if packed:
        group = np.divide(heads.query, heads.kv)
        rows = new * group
        filled = ROWS * np.ceil(rows / ROWS) / (group * span.tile)  # of a tile that one head would have padded
        pairs = np.where(new < QUERY_TILE, filled, 1.0) * pairs
    tiles = np.multiply(batch, heads.kv if packed else heads.query) * np.ceil(rows / QUERY_TILE)
    t_mma = 4.0 * sequences * heads.dim * pairs / (theta.e * peak)
    t_exp = sequences * pairs * softmax / (theta.ex * silicon.exp_per_s)
    joule_per_flop = theta.efm if silicon.tensor_issue == "mma_sync" else theta.ef
    t_power = (
        joule_per_flop
        * operand_bytes
        / 2.0
        * 4.0
        * sequences
        * heads.dim
        * span.pairs
        / (POWER_HEADROOM * silicon.tdp_w)
    )
    overhead = theta.tp * tiles / silicon.cores
    t_tiles = p_norm(theta.p, t_mma, t_exp, t_power) + overhead
    per_pair_s = silicon.cores * (4.0 * heads.dim / (theta.e * peak) + softmax / (theta.ex * silicon.exp_per_s))
    t_last = np.minimum(QUERY_TILE, new) * span.limit * per_pair_s + theta.tp
    read = 4.0 * np.multiply(heads.query, new) + (4.0 + 2.0 * kv_bytes * theta.cw) * np.multiply(heads.kv, new)
    prefix = 2.0 * kv_bytes * np.multiply(heads.kv, np.minimum(span.cached, span.limit))
    moved = batch * heads.dim * (read + prefix)
    cold = 1.0 - residency(moved, theta.kap * warm_bytes(silicon)) if warm else 1.0
    t_memory = cold * moved / (theta.eta * silicon.bandwidth_bytes_per_s)
    return Cost(np.sqrt(np.square(t_tiles) + np.square(t_last) + np.square(t_memory)), theta.t0 * silicon.launch)
