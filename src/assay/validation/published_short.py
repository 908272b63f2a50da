"""The short form of measurements: one column a fact, numbers in SI, any subset of the metrics. For one's own."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal, Self

from pydantic import Field, model_validator

from assay.catalogue.door import Record
from assay.core.errors import AssayError, Unsupported
from assay.engine.deployment import Speculation
from assay.llm.layout import Layout
from assay.validation.published_names import chip_name, framework_id, model_id, weights_format
from assay.validation.published_phrases import ALL_TO_ALL_RANKS
from assay.validation.published_row import PublishedRow


class ShortRecord(Record):
    """One line: a closed loop of `concurrency` requests over one instance."""

    id: str = ""
    chip: str
    model: str
    framework: str
    tp: int = Field(1, ge=1)
    dp: int = Field(1, ge=1)
    ep: int = Field(1, ge=1)
    pp: int = Field(1, ge=1)
    weights: str = ""
    kv: Literal["", "bf16", "fp8"] = ""
    input_tokens: float = Field(gt=0)
    output_tokens: float = Field(gt=0)
    concurrency: float = Field(gt=0)
    draft_tokens: int = Field(0, ge=0)
    accepted_tokens: float = Field(1.0, ge=1)
    ttft_s: float | None = Field(None, gt=0)
    tpot_s: float | None = Field(None, gt=0)
    output_tok_per_s_per_chip: float | None = Field(None, gt=0)

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if (self.tp * self.dp) % self.ep:
            raise ValueError("ep must divide tp x dp")
        if self.accepted_tokens > self.draft_tokens + 1:
            raise ValueError("accepted_tokens counts the certain token: at most draft_tokens + 1")
        return self


def rows(records: list[ShortRecord]) -> tuple[PublishedRow, ...]:
    """Return the rows of the lines, in order. A line without id is named by its number."""
    return tuple(_row(record, number) for number, record in enumerate(records, start=1))


def _row(record: ShortRecord, number: int) -> PublishedRow:
    metrics = {name: getattr(record, name) for name in ("ttft_s", "tpot_s", "output_tok_per_s_per_chip")}
    row = PublishedRow(
        id=record.id or f"row {number}",
        chip=record.chip,
        model=record.model,
        framework=record.framework,
        release=record.framework,
        repository=record.model,
        loading="closed loop",
        measures=tuple((name, value) for name, value in metrics.items() if value is not None),
        kv=record.kv,
        layout=Layout(
            tp=record.tp,
            dp=record.dp,
            ep=record.ep,
            pp=record.pp,
            all_to_all=record.dp > 1 and record.ep > ALL_TO_ALL_RANKS,
        ),
        speculation=Speculation(record.draft_tokens, record.accepted_tokens),
        input_tokens=record.input_tokens,
        output_tokens=record.output_tokens,
        batch=record.concurrency,
    )
    try:
        row = replace(row, chip=chip_name(row.chip), framework=framework_id(row.framework))
        row = replace(row, model=row.model if row.model.endswith(".json") else model_id(row.model))
        weights = weights_format(record.weights) if record.weights else ""
        if weights is None:
            raise Unsupported(f"no weights format '{record.weights}'")
        return replace(row, weights=weights)
    except AssayError as error:
        return replace(row, reason=error.message)
