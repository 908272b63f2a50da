"""Predictions of published measurements, each as its deployment was loaded."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import cache

from assay.catalogue.chip import Chip, chip
from assay.catalogue.engine import Engine, engine
from assay.catalogue.node import node_of
from assay.core.errors import AssayError, Unsupported
from assay.core.interval import Interval
from assay.engine.deployment import Deployment
from assay.engine.precision import MULTIPLIED_IN, served_precision
from assay.engine.uncertainty import Transfer, band, transfer
from assay.kernels.silicon import Silicon, silicon
from assay.kernels.software import software
from assay.llm.architecture import Architecture, MoeFfn
from assay.llm.model import Model
from assay.llm.precision import KvFormat, Precision, WeightFormat
from assay.serving.closed_loop import Workload
from assay.validation import loads
from assay.validation.deployments import nvfp4_checkpoint
from assay.validation.left_out import LeftOut, coefficients
from assay.validation.loads import Outcome
from assay.validation.predict import predict
from assay.validation.published_names import limit_of, names, release_of
from assay.validation.published_row import PublishedRow
from assay.validation.score import Scored


def predicted(rows: Sequence[PublishedRow], left_out: LeftOut = "") -> tuple[list[Scored], list[tuple[str, str]]]:
    """Return a score for every metric of every row that can be predicted, and (id, reason) of the others.

    Rows of context are among the latter. With something left out neither a kernel coefficient nor a release's term has
    seen the row's chip.
    """
    scored: list[Scored] = []
    others: list[tuple[str, str]] = []
    sampled = [row.measured for row in rows if row.measured is not None and row.scored]
    by_id = {each.row.id: each for each in predict(sampled, left_out)}
    for row in rows:
        if not row.scored:
            others.append((row.id, "context: not scored"))
        elif row.reason:
            others.append((row.id, row.reason))
        elif row.measured is not None:
            each = by_id[row.id]
            reach = transfer(_silicon(row.chip))
            intervals = {"ttft_s": band("ttft", reach, each.ttft_s), "tpot_s": band("tpot", reach, each.tpot_s)}
            scored += [_scored(row, metric, value, intervals[metric]) for metric, value in row.measures]
        else:
            try:
                result = outcome(row, left_out)
            except AssayError as error:
                others.append((row.id, error.message))
                continue
            for metric, value in row.measures:
                interval = _interval(result, metric, transfer(_silicon(row.chip)))
                if interval is None:
                    others.append((row.id, f"{metric}: not predicted for this way of loading"))
                else:
                    scored.append(_scored(row, metric, value, interval))
    return scored, others


def outcome(row: PublishedRow, left_out: LeftOut = "") -> Outcome:
    """Return what the load generator of a row should have seen.

    Raises Unsupported where the deployment cannot be modelled, Infeasible where the model does not fit.
    """
    deployment = deployment_of(row, left_out)
    workload = Workload(row.input_tokens, row.output_tokens, row.cached_share * row.input_tokens)
    if row.loading == "decode pool":
        context = row.context_tokens or row.input_tokens + row.output_tokens / 2.0
        return loads.decode_pool(deployment, context, row.batch)
    if row.loading == "prefill pool":
        return loads.prefill_pool(deployment, workload, row.batch)
    if row.pools is not None:
        return loads.disaggregated(deployment, workload, row.batch, row.pools.prefill, row.pools.decode)
    limit = loads.capacity(deployment, workload)
    if row.loading == "fixed batch":
        return loads.batches(deployment, workload, row.batch, limit)
    running = row.running_limit or _default_limit(row, deployment)
    limit = min(limit, running)
    if row.loading == "all at once":
        drain = loads.run_down if row.varied else loads.queued
        return drain(deployment, workload, row.batch, limit, row.arrivals_per_s)
    if row.loading == "saturated":
        return loads.saturated(deployment, workload, limit)
    if row.loading == "disaggregated":
        raise Unsupported("sizes of the pools not stated")
    return loads.closed_loop(deployment, workload, row.batch, limit)


def deployment_of(row: PublishedRow, left_out: LeftOut = "") -> Deployment:
    """Return the deployment that a row describes, with kernel coefficients that have not seen what is left out."""
    hardware, architecture, part = _silicon(row.chip), _architecture(row.model), chip(row.chip)
    framework = _as_released(row, hardware, left_out)
    return Deployment(
        architecture,
        hardware,
        software(framework, hardware),
        framework,
        row.layout,
        precision_of(row, architecture, part, framework),
        row.speculation,
        coefficients(row.chip, left_out),
    )


def precision_of(row: PublishedRow, architecture: Architecture, part: Chip, framework: Engine) -> Precision:
    """Return the formats in which a row's checkpoint is served.

    A checkpoint is served as it is stored; where the chip lacks its tensor format, weights stay narrow and are
    multiplied in 16 bits, as the frameworks do, rather than requantised.
    """
    native = architecture.native
    stored = _stored(row, architecture)
    precision = served_precision(stored, part, framework)
    if "fp8" not in part.peak_flop_per_s:
        weights = {
            key: "int8_wo"
            for key in ("attention", "dense", "experts", "shared")
            if MULTIPLIED_IN[getattr(stored, key)] == "fp8"
        }
        precision = replace(precision, **weights)  # type: ignore[arg-type]
    if row.kv:
        kv: KvFormat = "fp8" if row.kv == "fp8" else "bf16"
        return precision.with_kv(kv)
    return precision if row.framework == "trtllm" else precision.with_kv(native.kv)


def _stored(row: PublishedRow, architecture: Architecture) -> Precision:
    native = architecture.native
    label = row.weights
    if label == "" or (label == "mxfp4" and "mxfp4" in native.experts):
        return native
    if label == "mxfp4":
        return replace(native, experts="w4a8_mxfp4_mxfp8")
    if label == "nvfp4":
        return nvfp4_checkpoint(architecture)
    if label == "fp8":
        if native.experts == "fp8_block" or native.attention == "fp8_block":
            return native
        blocks = row.model.partition("/")[0].casefold() in names().blocks.fp8 and row.framework != "trtllm"
        fp8: WeightFormat = "fp8_block" if blocks else "fp8"
        attention: WeightFormat = "bf16" if row.repository.casefold() in names().wide_attention.fp8 else fp8
        return Precision(attention=attention, dense=fp8, experts=fp8, shared=fp8, static_scales=not blocks)
    if label == "int8":
        return Precision(attention="int8", dense="int8", experts="int8", shared="int8")
    if label == "int4_wo":
        return Precision(attention="int4_wo", dense="int4_wo", experts="int4_wo", shared="int4_wo")
    return Precision()


def _interval(result: Outcome, metric: str, reach: Transfer) -> Interval | None:
    """Return a metric of an outcome with its interval; None where the outcome has none.

    Prefill and decode of one chip err together, so the ends of both make the ends of a rate.
    """
    if metric == "ttft_s":
        return band("ttft", reach, result.ttft_s) if result.ttft_s else None
    if metric in {"tpot_s", "per_user_tok_per_s"}:
        tpot_s = band("tpot", reach, result.tpot_s) if result.tpot_s else None
        return tpot_s.inverse() if tpot_s and metric != "tpot_s" else tpot_s
    tokens = {
        "output_tok_per_s_per_chip": result.output_tokens,
        "decode_tok_per_s_per_chip": result.output_tokens,
        "total_tok_per_s_per_chip": result.prompt_tokens + result.output_tokens,
        "prefill_tok_per_s_per_chip": result.prompt_tokens,
        "cached_prefill_tok_per_s_per_chip": result.prompt_tokens,
    }[metric]
    first, rest = band("ttft", reach, result.prefill_s), band("tpot", reach, result.decode_s)
    seconds = Interval(result.seconds, first.low + rest.low, first.high + rest.high)
    return seconds.inverse().scale(tokens / result.chips) if tokens else None


def _scored(row: PublishedRow, metric: str, measured: float, value: Interval) -> Scored:
    by = {
        "chip": row.chip,
        "model": row.model,
        "framework": row.framework,
        "metric": metric,
        "confidence": row.confidence,
        "loading": row.loading,
        "transfer": transfer(_silicon(row.chip)),
        "release": row.release,
        "publisher": row.publisher,
        "fault": fault_of(row),
    }
    return Scored(row.id, metric, by, measured, value.value, value.low, value.high)


def _default_limit(row: PublishedRow, deployment: Deployment) -> float:
    limit = limit_of(row.framework, chip(row.chip))
    return limit.sequences * float(deployment.layout.dp) if limit else float("inf")


def _as_released(row: PublishedRow, hardware: Silicon, left_out: LeftOut) -> Engine:
    """Return the framework with the limits it has on the chip, and with what its release adds to a step."""
    framework = engine(row.framework)
    limit = limit_of(framework.id, chip(row.chip))
    release = release_of(row.release, across_domains=float(row.layout.chips) > hardware.chips_per_domain)
    numbers: dict[str, float] = {}
    if limit and limit.chunk_tokens:
        numbers["chunk_tokens"] = limit.chunk_tokens
    if release and not (left_out and row.chip in release.fitted_on):
        serial = row.serial or row.speculation.draft_tokens > 0
        own_s = release.serial_step_overhead_s if serial else None
        step_s = release.step_overhead_s if own_s is None else own_s
        numbers["step_overhead_s"] = framework.number("step_overhead_s") + step_s
    facts = {**framework.facts, **{key: replace(framework.facts[key], value=value) for key, value in numbers.items()}}
    return replace(framework, facts=facts)


def fault_of(row: PublishedRow) -> str:
    """Return the known fault of the software that a row measured, empty where there is none."""
    experts = any(isinstance(block.ffn, MoeFfn) for block in _architecture(row.model).blocks)
    covering = (
        each.name
        for each in names().fault
        if each.covers(row.repository, row.chip, row.release, row.weights, experts=experts)
    )
    return next(covering, "")


@cache
def _silicon(name: str) -> Silicon:
    return silicon(chip(name), node_of(chip(name).id))


@cache
def _architecture(name: str) -> Architecture:
    return Model.load(name).architecture
