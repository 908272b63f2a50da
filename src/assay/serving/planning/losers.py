"""What became of the points that are in no option of the frontier, and how near the nearest came."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from assay.core.errors import Infeasible
from assay.core.quantity import format_si
from assay.engine.bound import bound
from assay.engine.memory import memory_use
from assay.engine.step import decode_step, prefill_step
from assay.serving.planning.columns import Columns
from assay.serving.planning.offers import Offers
from assay.serving.planning.pairing import sent_bytes
from assay.serving.planning.points import Points
from assay.serving.planning.request import PlanRequest
from assay.serving.planning.variant import Variant
from assay.serving.traffic.requests import IntArray


@dataclass(frozen=True, slots=True)
class Losers:
    """Counts of operating points; all but the first were evaluated."""

    does_not_fit: int
    """More sequences than the memory holds, weights included."""
    ttft_missed: int
    """The TTFT is over its limit, and by a greater factor than the TPOT."""
    tpot_missed: int
    dominated: int
    """Another deployment is as fast and better, or it takes more chips than there are."""

    def as_dict(self) -> dict[str, int]:
        """Return the counts as JSON carries them."""
        return {name: getattr(self, name) for name in self.__slots__}


def losers(request: PlanRequest, found: Sequence[Points], offers: Offers, front: IntArray) -> Losers:
    """Count what became of the points."""
    slow_first = slow_next = met = 0
    for points in (offers.serving, offers.prefill, offers.decode):
        late, slow = points.first_s / request.ttft_s, points.tpot_s / request.tpot_s
        missed = np.maximum(late, slow) > 1.0
        slow_first += int((missed & (late >= slow)).sum())
        slow_next += int((missed & (late < slow)).sum())
        met += int((~missed).sum())
    chosen = offers.candidates.take(front)
    alone = chosen.prefill < 0
    used = sum(np.unique(each).size for each in (chosen.serving[alone], chosen.serving[~alone], chosen.prefill[~alone]))
    return Losers(sum(points.unfit for points in found), slow_first, slow_next, met - used)


def refusal(request: PlanRequest, found: Sequence[Points], offers: Offers) -> Infeasible:
    """Return why there is no option: the nearest miss, by how much, and what binds."""
    if not len(offers.serving):
        return Infeasible(_memory(found, offers.variants), "Allow more chips, or a smaller format (--quantisation).")
    met = (offers.candidates.ttft_s <= request.ttft_s) & (offers.candidates.tpot_s <= request.tpot_s)
    possible = offers.candidates.take(met & (offers.candidates.serving_instances >= 1))
    if len(possible) and np.isnan(possible.value).all() and (possible.chips <= (request.chips or np.inf)).any():
        missing = "price" if request.goal == "cost" else "power"
        return Infeasible(f"no {missing} is known of {', '.join(request.kinds)}", "Choose another objective.")
    if len(possible):
        fewest = float(possible.chips.min())
        return Infeasible(
            f"the load takes {fewest:.0f} chips at least, {fewest - float(request.chips or 0):.0f} more than the "
            f"{request.chips} at hand",
            "Allow more chips, or carry less.",
        )
    return Infeasible(_miss(request, offers), "Relax --ttft or --tpot, or allow other chips or formats.")


def _miss(request: PlanRequest, offers: Offers) -> str:
    """Say what the nearest deployment reaches: one pool that does both, or two."""
    alone, row = _nearest_alone(request, offers.serving)
    pair, sender, receiver, transfer_s = _nearest_pair(request, offers)
    if pair < alone:
        late_s = float(offers.prefill.first_s[sender] + offers.decode.first_s[receiver]) + transfer_s
        slow_s = float(offers.decode.tpot_s[receiver])
        where = f"{_named(offers, offers.prefill, sender)} prefill + {_named(offers, offers.decode, receiver)} decode"
    else:
        late_s, slow_s = float(offers.serving.first_s[row]), float(offers.serving.tpot_s[row])
        where = _named(offers, offers.serving, row)
    excess = min(pair, alone)
    if late_s / request.ttft_s >= slow_s / request.tpot_s:
        points, index = (offers.prefill, sender) if pair < alone else (offers.serving, row)
        name, reached, limit, binds = "TTFT", late_s, request.ttft_s, _prefill_bound(request, offers, points, index)
    else:
        points, index = (offers.decode, receiver) if pair < alone else (offers.serving, row)
        name, reached, limit, binds = "TPOT", slow_s, request.tpot_s, _decode_bound(request, offers, points, index)
    return (
        f"{name} {format_si(reached, 's')} at best, {excess - 1:.0%} over {format_si(limit, 's')} "
        f"({where}; bound by {binds})"
    )


def _nearest_alone(request: PlanRequest, points: Columns) -> tuple[float, int]:
    excess = np.maximum(points.first_s / request.ttft_s, points.tpot_s / request.tpot_s)
    row = int(np.argmin(excess))
    return float(excess[row]), row


def _nearest_pair(request: PlanRequest, offers: Offers) -> tuple[float, int, int, float]:
    """Return the least excess of two pools of one kind and framework that fit the chips, and what they are."""
    best: tuple[float, int, int, float] = (np.inf, 0, 0, 0.0)
    for variant in range(len(offers.variants)):
        senders = np.flatnonzero(offers.prefill.variant == variant)
        receivers = np.flatnonzero(offers.decode.variant == variant)
        if not senders.size or not receivers.size:
            continue
        p, d = offers.prefill.take(senders[:, np.newaxis]), offers.decode.take(receivers)
        sent = sent_bytes(offers.variants[variant], request.input_tokens)
        transfer_s = sent / np.minimum(p.link_bytes_per_s, d.link_bytes_per_s)
        excess = np.maximum((p.first_s + transfer_s + d.first_s) / request.ttft_s, d.tpot_s / request.tpot_s)
        excess = np.where(p.chips + d.chips <= (request.chips or np.inf), excess, np.inf)
        row, column = np.unravel_index(int(np.argmin(excess)), excess.shape)
        if excess[row, column] < best[0]:
            best = float(excess[row, column]), int(senders[row]), int(receivers[column]), float(transfer_s[row, column])
    return best


def _named(offers: Offers, points: Columns, index: int) -> str:
    variant = offers.variants[int(points.variant[index])]
    layout = variant.at(int(points.layout[index]), 1.0).layout
    sizes = " ".join(f"{axis}{getattr(layout, axis.lower())}" for axis in ("TP", "DP", "EP", "PP"))
    batch = int(points.batch[index])
    return f"{variant.kind.chip.id} {variant.deployment.engine.id} {sizes}, {batch} a rank"


def _decode_bound(request: PlanRequest, offers: Offers, points: Columns, index: int) -> str:
    deployment = offers.variants[int(points.variant[index])].at(int(points.layout[index]), 1.0)
    context = request.input_tokens + request.output_tokens / 2
    step = decode_step(deployment, float(points.batch[index]), context)
    return bound(deployment, step, capacity_bound=False).bound_by


def _prefill_bound(request: PlanRequest, offers: Offers, points: Columns, index: int) -> str:
    chunk_tokens = float(points.chunk_tokens[index])
    deployment = offers.variants[int(points.variant[index])].at(int(points.layout[index]), chunk_tokens)
    step = prefill_step(deployment, 1.0, request.input_tokens - request.cached_tokens, request.cached_tokens)
    return bound(deployment, step, capacity_bound=False).bound_by


def _memory(found: Sequence[Points], variants: Sequence[Variant]) -> str:
    """Say how far the roomiest layout is from holding the weights and one sequence."""
    index = int(np.argmin([points.shortfall_bytes for points in found]))
    variant = variants[index]
    memory = memory_use(variant.deployment, 1.0, 0.0)
    row = int(np.argmin(np.asarray(memory.weights_bytes)[:, 0]))
    chips = int(np.asarray(variant.deployment.layout.chips)[row, 0])
    weights, usable = float(np.asarray(memory.weights_bytes)[row, 0]), float(memory.usable_bytes)
    return (
        f"does not fit on {chips} chips of {variant.kind.chip.id}: weights take {format_si(weights, 'B')} of "
        f"{format_si(usable, 'B')} usable a chip, and one sequence misses "
        f"{format_si(found[index].shortfall_bytes, 'B')}"
    )
