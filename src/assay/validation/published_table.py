"""The long form of published measurements: 30 columns, most of them in the words of whoever published."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Final, Literal

from assay.catalogue.door import Record
from assay.core.errors import AssayError, Unsupported
from assay.engine.deployment import Speculation
from assay.llm.layout import Layout
from assay.validation.published_names import chip_name, framework_id, model_id, weights_format
from assay.validation.published_phrases import COUNT, Load, kv_of, layout_of, load_of, pools_of, speculation_of
from assay.validation.published_row import PublishedRow

Metric = Literal[
    "output_tok_s_per_chip",
    "total_tok_s_per_chip",
    "decode_tok_s_per_chip",
    "prefill_tok_s_per_chip",
    "cached_prefill_tok_s_per_chip",
    "tpot_ms",
    "ttft_ms",
    "per_user_tok_s",
    "usd_per_1M_output_tokens",
]
SPEEDS: Final[dict[str, tuple[str, float]]] = {
    "output_tok_s_per_chip": ("output_tok_per_s_per_chip", 1.0),
    "total_tok_s_per_chip": ("total_tok_per_s_per_chip", 1.0),
    "decode_tok_s_per_chip": ("decode_tok_per_s_per_chip", 1.0),
    "prefill_tok_s_per_chip": ("prefill_tok_per_s_per_chip", 1.0),
    "cached_prefill_tok_s_per_chip": ("cached_prefill_tok_per_s_per_chip", 1.0),
    "tpot_ms": ("tpot_s", 1e-3),
    "ttft_ms": ("ttft_s", 1e-3),
    "per_user_tok_s": ("per_user_tok_per_s", 1.0),
}
"""Metric and factor to SI."""


class TableRecord(Record):
    """One line. Cells that hold words are kept as they are; numbers must be numbers."""

    id: str
    source_url: str = ""
    publisher: str = ""
    date: str = ""
    model: str
    weights_dtype: str = ""
    kv_dtype: str = ""
    chip: str
    chips_per_instance: str = ""
    parallelism: str = ""
    deployment: str = ""
    framework: str
    input_tokens: str = ""
    output_tokens: str = ""
    batch_or_concurrency: str = ""
    batch_scope: str = ""
    speculative: str = ""
    prefix_cache_hit: str = ""
    metric: Metric
    value: float
    value_as_published: str = ""
    published_unit: str = ""
    ttft_mean_ms: float | None = None
    ttft_p50_ms: float | None = None
    ttft_p99_ms: float | None = None
    tpot_mean_ms: float | None = None
    itl_mean_ms: float | None = None
    confidence: Literal["", "A", "B", "C"] = ""
    split: Literal["fit", "context"] = "fit"
    notes: str = ""


def rows(records: list[TableRecord]) -> tuple[PublishedRow, ...]:
    """Return the rows of the lines, in order; "as above" means the line of the same publisher before."""
    found = []
    before: dict[str, TableRecord] = {}
    for record in records:
        resolved = _resolved(record, before.get(record.publisher))
        before[record.publisher] = resolved
        found.append(_row(resolved))
    return tuple(found)


def _resolved(record: TableRecord, before: TableRecord | None) -> TableRecord:
    if before is None:
        return record
    update = {
        key: getattr(before, key) for key in ("parallelism", "kv_dtype") if getattr(record, key).startswith("as above")
    }
    return record.model_copy(update=update)


def _row(record: TableRecord) -> PublishedRow:
    row = PublishedRow(
        id=record.id,
        chip=record.chip,
        model=record.model,
        framework=record.framework,
        release=record.framework,
        repository=record.model,
        loading="closed loop",
        measures=_measures(record),
        publisher=record.publisher,
        confidence=record.confidence,
        scored=record.split == "fit",
    )
    try:
        row = _with_names(row)
        return _with_load(row, record)
    except AssayError as error:
        return replace(row, reason=error.message)


def _measures(record: TableRecord) -> tuple[tuple[str, float], ...]:
    """Return the metric of the row, and its mean TTFT and TPOT where no prefix cache is suspected behind the former."""
    found: dict[str, float] = {}
    if record.metric in SPEEDS:
        name, factor = SPEEDS[record.metric]
        found[name] = record.value * factor
    cached = record.prefix_cache_hit.startswith(("suspected", "radix cache left on"))
    if record.ttft_mean_ms and not cached:
        found.setdefault("ttft_s", record.ttft_mean_ms / 1e3)
    if record.tpot_mean_ms:
        found.setdefault("tpot_s", record.tpot_mean_ms / 1e3)
    return tuple((name, value) for name, value in found.items() if value > 0)


def _with_names(row: PublishedRow) -> PublishedRow:
    row = replace(row, chip=chip_name(row.chip))
    row = replace(row, model=model_id(row.model))
    return replace(row, framework=framework_id(row.framework))


def _with_load(row: PublishedRow, record: TableRecord) -> PublishedRow:
    if record.metric not in SPEEDS:
        raise Unsupported(f"{record.metric} is not a speed")
    weights = weights_format(record.weights_dtype)
    if weights is None:
        raise Unsupported("format of the weights not stated")
    chips = float(record.chips_per_instance) if _is_number(record.chips_per_instance) else None
    workers = pools_of(record.parallelism)
    layout = workers[1] if workers else layout_of(record.parallelism, chips, row.chip)
    load = load_of(record.deployment, record.batch_or_concurrency, record.batch_scope)
    input_tokens, context_tokens = _lengths(record)
    output_tokens = float(record.output_tokens) if _is_number(record.output_tokens) else 0.0
    _check_lengths(load, input_tokens, output_tokens, context_tokens)
    return replace(
        row,
        loading=load.loading,
        weights=weights,
        kv=kv_of(record.kv_dtype),
        layout=layout,
        pools=workers[0] if workers else None,
        speculation=Speculation() if load.loading == "prefill pool" else speculation_of(record.speculative),
        input_tokens=input_tokens,
        output_tokens=output_tokens,
        varied=_varied(record),
        context_tokens=context_tokens,
        cached_share=float(record.prefix_cache_hit) if re.fullmatch(r"0\.\d+", record.prefix_cache_hit) else 0.0,
        batch=_batch(load, layout, input_tokens),
        arrivals_per_s=load.arrivals_per_s,
        serial="no overlap" in record.speculative,
        running_limit=_running_limit(record.framework),
    )


def _batch(load: Load, layout: Layout, input_tokens: float) -> float:
    """Return the batch as PublishedRow counts it: on a rank in a pool, on the instance elsewhere."""
    size = load.tokens / input_tokens if load.tokens else load.batch
    if not load.loading.endswith("pool") or load.per == "rank":
        return size
    return size * float(layout.tp) * float(layout.pp) if load.per == "chip" else size / float(layout.dp)


def _lengths(record: TableRecord) -> tuple[float, float]:
    """Return input tokens, and the context where that is what the cell holds."""
    text = record.input_tokens
    if _is_number(text):
        return float(text), 0.0
    context = re.search(r"KV (\d+)|(?:~|ctx )?(\d+)(?: context.*)?$", text)
    return 0.0, float(context[1] or context[2]) if context else 0.0


def _check_lengths(load: Load, input_tokens: float, output_tokens: float, context_tokens: float) -> None:
    if load.loading == "decode pool":
        if not (context_tokens or input_tokens):
            raise Unsupported("context length not stated")
    elif not input_tokens:
        raise Unsupported("input length not stated")
    elif load.loading != "prefill pool" and not output_tokens:
        raise Unsupported("output length not stated")


def _varied(record: TableRecord) -> bool:
    """Tell whether outputs stopped by themselves: their mean is no whole number, and nobody says it was asked for."""
    return _is_number(record.output_tokens) and (
        float(record.output_tokens) % 1.0 > 0 and not re.search(r"random \S+ input", record.notes)
    )


def _running_limit(framework: str) -> float | None:
    flag = re.search(r"max-num-seqs (\d+)", framework)
    return float(flag[1]) or None if flag else None


def _is_number(text: str) -> bool:
    return bool(COUNT.fullmatch(text.strip()))
