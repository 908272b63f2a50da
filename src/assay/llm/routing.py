"""How tokens fall on experts: the load of the busiest rank of an expert-parallel group."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Final

import numpy as np
import numpy.typing as npt

from assay.core.array import FloatArray, Number

SKEW: Final = 0.6
"""Exponent of the popularity of experts, p ~ rank^-0.6: the best of 0 to 1.2 on 1,309 measured MoE deployments."""
PLACEMENTS: Final = 12
SEED: Final = 20_240_606


@dataclass(frozen=True, slots=True)
class ExpertLoad:
    """Work of the busiest rank, each figure for itself: experts hit at least once, and (token, expert) pairs."""

    active_experts: Number
    pairs: Number


def expert_load(
    experts: int, top_k: int, ep: Number, tokens: Number, balanced: Number | npt.NDArray[np.bool_] = False
) -> ExpertLoad:
    """Return the load of the busiest of `ep` ranks when `tokens` tokens choose `top_k` of `experts` experts each.

    Parameters
    ----------
    experts, top_k
        Of the layer.
    ep, tokens
        Numbers or arrays that broadcast.
    balanced
        Whether ranks hold copies of popular experts, one slot more than their share (EPLB); broadcasts too.

    Notes
    -----
    p_i = min(1, k i^-0.6 / sum), renormalised to sum k; active = sum over a rank of 1 - (1 - p_i)^tokens, pairs =
    tokens times the sum of p_i; the maximum over ranks, then the mean over 12 random placements of the experts
    (fixed seed). Balanced: the spare slots go to copies of the most popular experts, one after another, and copies to
    the least loaded rank that has a slot; tokens split evenly over the copies. That assumes a known, steady popularity.
    """
    shape = np.broadcast_shapes(np.shape(ep), np.shape(tokens), np.shape(balanced))
    ranks = np.broadcast_to(np.asarray(ep, dtype=float), shape).ravel()
    counts = np.broadcast_to(np.asarray(tokens, dtype=float), shape).ravel()
    even = np.broadcast_to(np.asarray(balanced, dtype=bool), shape).ravel()
    unique, position = np.unique(counts, return_inverse=True)
    active, share = np.empty(counts.shape), np.empty(counts.shape)
    for rank, copied in {(int(rank), bool(copied)) for rank, copied in zip(ranks, even, strict=True)}:
        here = (ranks == rank) & (even == copied)
        placements = _balanced(experts, top_k, rank) if copied else _random(experts, top_k, rank)
        active[here] = _busiest(_hit_chance(unique, placements.popularity), placements)[position[here]]
        share[here] = _busiest(placements.popularity[np.newaxis, :], placements)[0]
    pairs = counts * share
    return ExpertLoad(np.maximum(active, np.minimum(pairs, 1.0)).reshape(shape), pairs.reshape(shape))


@dataclass(frozen=True, slots=True, eq=False)
class _Placements:
    """Experts, or copies of experts, on ranks: the chance that a token chooses each, and orders of them by rank."""

    popularity: FloatArray  # [slots]
    order: np.ndarray[tuple[int, int], np.dtype[np.intp]]  # [placements, slots]
    starts: np.ndarray[tuple[int], np.dtype[np.intp]]  # of each rank in an order


def _hit_chance(tokens: FloatArray, popularity: FloatArray) -> FloatArray:
    """Chance that an expert gets at least one of `tokens` tokens: [tokens, slots]."""
    with np.errstate(divide="ignore", invalid="ignore"):
        missed = tokens[:, np.newaxis] * np.log1p(-popularity)[np.newaxis, :]
    return np.asarray(-np.expm1(np.where(tokens[:, np.newaxis] > 0, missed, 0.0)))


def _busiest(load: FloatArray, placements: _Placements) -> FloatArray:
    """Sum [rows, slots] over the slots of each rank; maximum over ranks, mean over placements."""
    sums: FloatArray = np.add.reduceat(load[:, placements.order], placements.starts, axis=2)
    return np.asarray(sums.max(axis=2).mean(axis=1))


@cache
def _random(experts: int, top_k: int, ep: int) -> _Placements:
    ranks = min(max(ep, 1), experts)
    generator = np.random.default_rng(SEED)
    order = np.stack([generator.permutation(experts) for _ in range(PLACEMENTS)])
    return _Placements(_popularity(experts, top_k), order, np.arange(ranks) * experts // ranks)


@cache
def _balanced(experts: int, top_k: int, ep: int) -> _Placements:
    popularity = _popularity(experts, top_k)
    slots = -(-experts // ep) + 1  # of a rank
    copies = np.ones(experts, dtype=int)
    for _ in range(slots * ep - experts):
        copies[np.argmax(popularity / copies)] += 1
    share = np.repeat(popularity / copies, copies)
    load = np.zeros(ep)
    members: list[list[int]] = [[] for _ in range(ep)]
    for copy in np.argsort(-share, kind="stable"):
        rank = min((rank for rank in range(ep) if len(members[rank]) < slots), key=lambda rank: load[rank])
        load[rank] += share[copy]
        members[rank].append(int(copy))
    order = np.array([[copy for rank in members for copy in rank]])
    return _Placements(share, order, np.arange(ep) * slots)


@cache
def _popularity(experts: int, top_k: int) -> FloatArray:
    """Probability that a token chooses each expert; sums to `top_k`."""
    chances = np.arange(1, experts + 1, dtype=float) ** -SKEW
    for _ in range(30):
        chances = np.minimum(chances * (top_k / chances.sum()), 1.0)
    return chances
