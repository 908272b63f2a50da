"""The main job: from a request to a report, one row a chip."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from typing import Any

import assay
from assay.catalogue.chip import Chip, chip
from assay.catalogue.door import shown
from assay.catalogue.engine import Engine, engine, engines
from assay.catalogue.node import Node, node_of
from assay.comparison.explain import explanation
from assay.comparison.report import Report, Row
from assay.comparison.request import CompareRequest
from assay.core.errors import Infeasible, Unsupported
from assay.core.interval import Interval
from assay.economics.cost import token_cost
from assay.economics.energy import joule_per_token, power
from assay.economics.rate import Basis, Rate, rate
from assay.engine.bound import bound
from assay.engine.uncertainty import band, transfer
from assay.export import status
from assay.kernels.silicon import Silicon, silicon
from assay.llm.model import Model
from assay.serving.search import Choice, best_deployment


def compare(
    request: CompareRequest | None = None,
    /,
    *,
    advance: Callable[[], None] = lambda: None,
    **question: Any,  # noqa: ANN401  the fields of CompareRequest
) -> Report:
    """Return the best deployment of the model on each chip, with its speed, cost and energy.

    Parameters
    ----------
    request
        The question; or its fields as keywords.
    advance
        Called after each chip, for a progress bar.

    Raises
    ------
    NotInCatalogue
        An unknown chip, model or framework.
    BadData
        A chip's TOML file or a config.json that cannot be used.
    Infeasible
        A request longer than the model's context.

    Notes
    -----
    A chip on which the model does not fit, or on which the service level cannot be met, is a row that says why.
    """
    request = request or CompareRequest(**question)
    model = Model.load(request.model)
    _check_context(model, request)
    chips = [chip(name) for name in request.chips]
    basis = _common_basis(chips, request)
    rows = []
    for each in chips:
        row = _row(model, each, request, basis)
        rows.append(replace(row, export_status=status(each, request.to, request.as_of)) if request.to else row)
        advance()
    return Report(request, model.id, tuple(rows), model.architecture.assumptions, _provenance(request, model, chips))


def _check_context(model: Model, request: CompareRequest) -> None:
    asked, limit = request.input_tokens + request.output_tokens, model.architecture.max_context
    if asked > limit:
        raise Infeasible(
            f"{asked:g} tokens exceed the context of {model.id}: {limit:,} tokens, {asked / limit - 1:.0%} too many",
            "Shorten the request, or choose a model with a longer context.",
        )


def _common_basis(chips: list[Chip], request: CompareRequest) -> Basis:
    """Return the basis that prices most of the chips, so that a table compares like with like; owning where both do."""
    if request.basis != "auto":
        return request.basis

    def priced(basis: Basis) -> int:
        return sum(_hourly(each, node_of(each.id), request, basis).usd_per_chip_h is not None for each in chips)

    return "rental" if priced("rental") > priced("ownership") else "ownership"


def _hourly(chip: Chip, node: Node | None, request: CompareRequest, basis: Basis) -> Rate:
    return rate(chip, node, place=request.place, as_of=request.as_of, basis=basis)


def best_choice(model: Model, chip: Chip, request: CompareRequest) -> Choice:
    """Return the best deployment of a model on one chip. Raises Infeasible and Unsupported with the reason."""
    return best_deployment(
        model.architecture,
        chip,
        silicon(chip, node_of(chip.id)),
        _engines(chip, request),
        request.workload,
        request.level,
        max_chips=request.max_chips,
        fixed=request.fixed,
        speculation=request.speculation,
    )


def _row(model: Model, chip: Chip, request: CompareRequest, basis: Basis) -> Row:
    try:
        choice = best_choice(model, chip, request)
    except (Infeasible, Unsupported) as reason:
        return Row(chip.id, chip.name, chip.tpp, reason.message)
    return _feasible_row(chip, node_of(chip.id), choice, request, basis)


def _feasible_row(chip: Chip, node: Node | None, choice: Choice, request: CompareRequest, basis: Basis) -> Row:
    hardware, state = choice.deployment.silicon, choice.state
    reach = transfer(hardware)
    ttft_s, tpot_s = band("ttft", reach, float(state.ttft_s)), band("tpot", reach, float(state.tpot_s))
    throughput = _throughput(choice, ttft_s, tpot_s)
    prefill_share = _prefill_share(choice)
    limits = bound(choice.deployment, choice.state.decode, capacity_bound=choice.capacity_bound)
    hourly = _hourly(chip, node, request, basis)
    if hourly.usd_per_chip_h is None and request.basis == "auto":
        hourly = _hourly(chip, node, request, "auto")
    drawn = power(chip, node, place=request.place, as_of=request.as_of, utilisation=limits.utilisation)
    cost = (
        token_cost(
            hourly.usd_per_chip_h,
            throughput,
            input_tokens=request.input_tokens,
            output_tokens=request.output_tokens,
            prefill_share=prefill_share,
        )
        if hourly.usd_per_chip_h
        else None
    )
    return Row(
        chip=chip.id,
        name=chip.name,
        tpp=chip.tpp,
        reason=None,
        choice=choice,
        ttft_s=ttft_s,
        tpot_s=tpot_s,
        output_tok_per_s_per_chip=throughput,
        usd_per_chip_h=hourly.usd_per_chip_h,
        usd_per_million_output_tokens=cost.usd_per_million_output_tokens if cost else None,
        usd_per_million_input_tokens_split=cost.input_usd_per_million_tokens if cost else None,
        usd_per_million_output_tokens_split=cost.output_usd_per_million_tokens if cost else None,
        joule_per_output_token=joule_per_token(drawn.w, throughput) if drawn.w else None,
        bound_by=limits.bound_by,
        roofline_fraction=limits.roofline_fraction,
        transfer=reach,
        price_basis=hourly.label or hourly.reason,
        assumed=_assumed(hardware, choice, hourly),
        explanation=explanation(choice, limits, hourly, drawn, cost),
    )


def _throughput(choice: Choice, ttft_s: Interval, tpot_s: Interval) -> Interval:
    """Output tok/s/chip. TTFT and TPOT of one chip err together, so the ends of both make the ends of this."""
    value = choice.output_tok_per_s_per_chip
    output_tokens = choice.workload.output_tokens
    request_s = ttft_s.value + output_tokens * tpot_s.value
    return Interval(
        value,
        value * request_s / (ttft_s.high + output_tokens * tpot_s.high),
        value * request_s / (ttft_s.low + output_tokens * tpot_s.low),
    )


def _prefill_share(choice: Choice) -> float:
    """Share of chip time that prefills take: their interference with decodes, over the time of a token."""
    return float(choice.state.interference_s / choice.state.tpot_s)


def _engines(chip: Chip, request: CompareRequest) -> list[Engine]:
    named = [engine(id) for id in request.frameworks] or list(engines().values())
    return [candidate for candidate in named if candidate.runs_on(chip.generation)]


def _assumed(hardware: Silicon, choice: Choice, hourly: Rate) -> tuple[str, ...]:
    deployment = choice.deployment
    native = deployment.architecture.native
    converted = sorted(
        {
            f"{getattr(native, part)} weights served as {getattr(deployment.precision, part)}"
            for part in ("attention", "dense", "experts", "shared")
            if getattr(native, part) != getattr(deployment.precision, part)
        }
    )
    priceless = (f"no price: {hourly.reason}",) if hourly.usd_per_chip_h is None else ()
    return (*hardware.assumed, *converted, *priceless)


def _provenance(request: CompareRequest, model: Model, chips: list[Chip]) -> dict[str, Any]:
    return {
        "assay": assay.__version__,
        "as_of": None if request.as_of == date.max else request.as_of.isoformat(),
        "model": shown(model.origin),
        "chips": {chip.id: sorted({id for fact in chip.facts.values() for id in fact.sources}) for chip in chips},
        "method": "closed form; kernel coefficients fitted on PyPI aiconfigurator-core 0.12.0; see docs/method.md",
        "intervals": "80 %",
    }
