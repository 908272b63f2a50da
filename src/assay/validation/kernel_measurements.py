"""Anybody's kernel measurements: a CSV of op, shape, dtype, chip, seconds, predicted as Assay predicts a deployment.

The shape is `key=value;key=value`. Operand caches are cold. Lines that name no kernel class get its mean.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path
from typing import Any, Final, Literal, get_args

import numpy as np
from pydantic import Field

from assay.catalogue.chip import chip
from assay.catalogue.door import Record, read_csv
from assay.catalogue.node import node_of
from assay.core.errors import BadData, Fault
from assay.kernels import grade as founded
from assay.kernels.coefficients import Coefficients
from assay.kernels.cost import cost
from assay.kernels.interval import half_width
from assay.kernels.machine import Machine
from assay.kernels.silicon import Silicon, silicon
from assay.kernels.software import Software
from assay.llm import operator as op
from assay.llm.precision import KvFormat, WeightFormat
from assay.validation.left_out import LeftOut, coefficients
from assay.validation.score import Score, Scored, group_by


class KernelRecord(Record):
    """One line."""

    op: str
    shape: str
    dtype: str = ""
    chip: str
    seconds: float = Field(gt=0)
    framework: str = ""
    kernel: str = ""
    id: str = ""


@dataclass(frozen=True, slots=True)
class Form:
    """How an op of the file becomes an operator: the keys of its shape, with what stands for a missing one."""

    build: Callable[..., op.Operator]
    keys: tuple[str, ...]
    optional: Mapping[str, float | None]
    formats: tuple[str, ...]
    dtype: str = ""
    """Field that takes the dtype."""


KV: Final = get_args(KvFormat)
WEIGHTS: Final = get_args(WeightFormat)
COLLECTIVES: Final[tuple[Literal["all_reduce", "all_gather", "reduce_scatter", "all_to_all"], ...]] = (
    "all_reduce",
    "all_gather",
    "reduce_scatter",
    "all_to_all",
)
ATTENTION: Final = ("heads", "kv_heads", "head_dim")


def _moe(
    *, role: str, tokens: float, hidden: float, intermediate: float, experts: float, top_k: float, format: WeightFormat
) -> op.Moe:
    """Balanced routing: what a micro-benchmark does unless it says otherwise."""
    pairs = tokens * top_k
    return op.Moe(
        role=role,
        tokens=tokens,
        pairs=pairs,
        active_experts=min(experts, pairs),
        local_experts=experts,
        hidden=hidden,
        intermediate=intermediate,
        format=format,
    )


FORMS: Final[dict[str, Form]] = {
    "gemm": Form(op.Gemm, ("m", "n", "k"), {}, WEIGHTS, "format"),
    "prefill_attention": Form(
        op.PrefillAttention, ("batch", "new_tokens", *ATTENTION), {"cached_tokens": 0.0, "window": None}, KV, "compute"
    ),
    "decode_attention": Form(
        op.DecodeAttention, ("batch", "kv_tokens", *ATTENTION), {"queries": 1.0, "window": None}, KV, "kv"
    ),
    "mla_prefill": Form(
        partial(op.LatentPrefillAttention, qk_dim=192.0, v_dim=128.0),
        ("batch", "new_tokens", "heads"),
        {"cached_tokens": 0.0},
        KV,
        "kv",
    ),
    "mla_decode": Form(
        partial(op.LatentDecodeAttention, kv_rank=512.0, rope_dim=64.0),
        ("batch", "kv_tokens", "heads"),
        {"queries": 1.0},
        KV,
        "kv",
    ),
    "moe": Form(_moe, ("tokens", "hidden", "intermediate", "experts", "top_k"), {}, WEIGHTS, "format"),
    "elementwise": Form(op.Elementwise, ("traffic_bytes",), {"launches": 1.0}, ()),
    **{kind: Form(partial(op.Collective, kind=kind), ("message_bytes", "ranks"), {}, ()) for kind in COLLECTIVES},
}
"""By name of the op. `elementwise` and collectives count bytes, and take any dtype."""


def score_kernel_measurements(path: Path, left_out: LeftOut = "") -> Score:
    """Return the score of the measurements in a CSV file.

    Raises
    ------
    BadData
        With every fault of the file: line and key.
    NotInCatalogue
        Where a chip is unknown.
    """
    records = read_csv(path, KernelRecord)
    faults: list[Fault] = []
    scored: list[Scored] = []
    for line, record in enumerate(records, start=2):
        try:
            operator = operator_of(record)
        except ValueError as error:
            faults.append(Fault(str(path), f"line {line}", str(error)))
            continue
        scored.append(_scored(record, operator, line, left_out))
    if faults:
        raise BadData(faults)
    groups = (*group_by(scored), *group_by(scored, "op"), *group_by(scored, "op", "chip"), *group_by(scored, "grade"))
    return Score(path.name, len(records), tuple(scored), groups, left_out)


def operator_of(record: KernelRecord) -> op.Operator:
    """Return the operator that a line describes. Raises ValueError, saying what is wrong."""
    if record.op not in FORMS:
        raise ValueError(f"op '{record.op}' is none of {', '.join(FORMS)}")
    form = FORMS[record.op]
    shape = _shape(record.shape)
    unknown = sorted(set(shape) - {*form.keys, *form.optional})
    missing = [key for key in form.keys if key not in shape]
    if unknown or missing:
        raise ValueError(f"shape of {record.op}: missing {missing or 'nothing'}, unknown {unknown or 'nothing'}")
    if form.formats and record.dtype not in form.formats:
        raise ValueError(f"dtype '{record.dtype}' of {record.op} is none of {', '.join(form.formats)}")
    fields: dict[str, Any] = {**form.optional, **shape}
    if form.dtype:
        fields[form.dtype] = record.dtype
    return form.build(role=record.op, **fields)


def _shape(text: str) -> dict[str, float]:
    found: dict[str, float] = {}
    for part in filter(None, (piece.strip() for piece in text.split(";"))):
        key, _, value = part.partition("=")
        try:
            found[key.strip()] = float(value)
        except ValueError:
            raise ValueError(f"'{part}' in the shape is not key=number") from None
        if not 0 <= found[key.strip()] < np.inf:
            raise ValueError(f"'{part}' in the shape is negative or not finite")
    return found


def _scored(record: KernelRecord, operator: op.Operator, line: int, left_out: LeftOut) -> Scored:
    hardware = _silicon(record.chip)
    software = Software(
        framework=record.framework,
        attention=record.kernel,
        mla_prefill=record.kernel,
        mla_decode=record.kernel,
        moe={record.dtype: record.kernel},
    )
    found: Coefficients = coefficients(hardware.id, left_out)
    value = float(np.asarray(cost(operator, hardware, software, found).seconds))
    grade = founded.grade(operator, hardware, software, found)
    family = founded.FAMILIES[type(operator)](operator, Machine(hardware, software, found))
    factor = float(np.exp(half_width(family, grade, value)))
    by = {"op": record.op, "dtype": record.dtype, "chip": hardware.id, "grade": grade}
    return Scored(record.id or f"line {line}", "seconds", by, record.seconds, value, value / factor, value * factor)


@cache
def _silicon(name: str) -> Silicon:
    found = chip(name)
    return silicon(found, node_of(found.id))
