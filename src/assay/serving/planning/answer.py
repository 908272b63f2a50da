"""From a request to a plan."""

from __future__ import annotations

from datetime import date
from typing import Any, Final

import numpy as np

from assay.catalogue.door import shown
from assay.core.errors import Infeasible
from assay.llm.model import Model
from assay.serving.planning.candidates import aggregated, best_first, joined
from assay.serving.planning.columns import concatenated
from assay.serving.planning.confirm import confirmed
from assay.serving.planning.frontier import front
from assay.serving.planning.kind import kinds
from assay.serving.planning.losers import losers, refusal
from assay.serving.planning.offers import Offers
from assay.serving.planning.option import Option
from assay.serving.planning.pairing import paired
from assay.serving.planning.plan import Plan
from assay.serving.planning.points import points
from assay.serving.planning.request import PlanRequest
from assay.serving.planning.variant import Variant, variants

FASTER: Final = 0.95
"""A finalist after the first is at least so much faster per token than the one before it."""


def plan(request: PlanRequest, /) -> Plan:
    """Return the best deployment for a load or a number of chips, and the frontier of speed against worth.

    Every layout, batch and chunk size of every kind of chip, framework, format and speculation is evaluated as arrays;
    pools for prefill and decode are paired and matched in rate; the frontier holds what no other deployment beats in
    both output tok/s a user and the objective. The choice is the point of the frontier that is worth most, unless a
    simulation of its requests refutes it and confirms one of the next.

    Raises
    ------
    NotInCatalogue
        An unknown chip, model or framework.
    BadData
        A chip's TOML file or a config.json that cannot be used.
    Unsupported
        A chip of which too little is known.
    Infeasible
        No deployment keeps the service level; the message names the nearest, by how much it misses and what binds.
    """
    model = Model.load(request.model)
    _check_context(model, request)
    tried = variants(model.architecture, kinds(request), request)
    found = [points(variant, index, request) for index, variant in enumerate(tried)]
    serving, prefill, decode = (
        concatenated([getattr(each, role) for each in found]) for role in ("aggregated", "prefill", "decode")
    )
    pairs = paired(tried, prefill, decode, request)
    candidates = joined([aggregated(serving, request), *pairs.candidates])
    offers = Offers(request, tried, serving, prefill, decode, candidates)
    keeping = np.flatnonzero(candidates.keeps(request) & np.isfinite(candidates.value))
    if not keeping.size:
        raise refusal(request, found, offers)
    order = keeping[best_first(candidates.take(keeping))]
    efficient = front(candidates.tpot_s, candidates.value, order)
    options = [offers.option(int(row)) for row in efficient]
    options, chosen = _confirmed(options, request)
    return Plan(
        request=request,
        model=model.id,
        choice=options[chosen],
        pareto=tuple(options),
        evaluated=sum(each.count for each in found),
        pairs=pairs.count,
        losers=losers(request, found, offers, efficient),
        assumptions=model.architecture.assumptions,
        provenance=_provenance(request, model, tried),
    )


def _confirmed(options: list[Option], request: PlanRequest) -> tuple[list[Option], int]:
    """Simulate from the best to faster ones until one is confirmed; the best stands where none is."""
    best = len(options) - 1  # the frontier ascends in worth
    options, limit = list(options), np.inf
    tried = 0
    for index in range(best, -1, -1):
        if tried == request.finalists:
            break
        if options[index].tpot_s.value > limit:
            continue
        limit, tried = FASTER * options[index].tpot_s.value, tried + 1
        options[index] = confirmed(options[index], request)
        simulated = options[index].simulated
        if simulated and simulated.confirmed:
            return options, index
    return options, best


def _check_context(model: Model, request: PlanRequest) -> None:
    asked, limit = request.longest_tokens, model.architecture.max_context
    if asked > limit:
        raise Infeasible(
            f"{asked:g} tokens exceed the context of {model.id}: {limit:,} tokens, {asked / limit - 1:.0%} too many",
            "Shorten the request, or choose a model with a longer context.",
        )


def _provenance(request: PlanRequest, model: Model, tried: tuple[Variant, ...]) -> dict[str, Any]:
    chips = {variant.kind.chip.id: variant.kind.chip for variant in tried}
    return {
        "as_of": None if request.as_of == date.max else request.as_of.isoformat(),
        "model": shown(model.origin),
        "chips": {
            id: sorted({source for fact in chip.facts.values() for source in fact.sources})
            for id, chip in chips.items()
        },
        "method": "closed form, confirmed by a simulation of requests; see docs/plan.md",
        "intervals": "80 %",
    }
