"""Experts: the grouped GEMMs of gathered tokens."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from typing import Final

import numpy as np

from assay.kernels import moe
from assay.kernels.coefficients import Theta
from assay.kernels.fit import kernel_class
from assay.kernels.fit.families.family import PJ, TABLE_NAMES, US, FamilyFit, priors
from assay.kernels.fit.rows import Column, Rows
from assay.kernels.fit.tables import Rule, Table, read
from assay.kernels.formats import OPERANDS
from assay.kernels.silicon import Silicon

OLD_MOE: Final = (
    Rule(
        "an older release beside a newer one of the same framework",
        versions=frozenset({"0.19.0", "0.20.0", "0.22.0", "0.5.6.post2", "1.3.0rc10"}),
    ),
)
MOE: Final = Table(
    "moe",
    "moe_perf",
    (
        "moe_dtype",
        "kernel_source",
        "num_tokens",
        "hidden_size",
        "inter_size",
        "topk",
        "num_experts",
        "moe_tp_size",
        "moe_ep_size",
        "distribution",
    ),
    OLD_MOE,
)
MOE_PRIORS: Final = priors(
    e=(0.95, 0.03),
    ci=(15e3, 0.7),
    eta=(0.8, 0.2),
    t0=(20 * US, 1.0),
    tp=(1 * US, 1.0),
    phi=(51.2, 0.7),
    ct=(15.0, 1.0),
    p=(2.0, 0.5),
    kap=(0.8, 0.4),
    eps=(0.5, 1.0),
    cio=(1.0, 0.7),
    ef=(0.4 * PJ, 0.6),
)


def moe_rows(format_: str) -> Iterable[Rows]:
    """Yield grouped GEMMs of a format by kernel class.

    Only without expert parallelism: with it, backends disagree whether the token count is that of a rank or of all.
    """
    for rows in read(MOE):
        shapes = rows.shapes
        chosen = (shapes["moe_dtype"] == TABLE_NAMES.get(format_, format_)) & (shapes["moe_ep_size"] == 1)
        by_class: dict[str, list[str]] = {}
        for source in sorted(set(shapes["kernel_source"][chosen].tolist())):
            by_class.setdefault(kernel_class.moe(source), []).append(source)
        for name, sources in by_class.items():
            yield rows.where(chosen & np.isin(shapes["kernel_source"], sources)).of(name)


def moe_predict(format_: str, rows: Rows, theta: Theta, chip_: Silicon) -> Column:
    """Seconds of grouped GEMM rows under the router of the benchmark."""
    s = rows.shapes
    pairs = s["num_tokens"] * s["topk"].astype(float)
    skewed = s["distribution"] != "balanced"
    active = np.where(
        skewed,
        moe.active_experts(pairs, s["num_experts"], s["topk"], theta, skewed=True),
        moe.active_experts(pairs, s["num_experts"], s["topk"], theta, skewed=False),
    )
    return np.asarray(
        moe.time(
            s["num_tokens"],
            pairs,
            active,
            s["hidden_size"],
            s["inter_size"] / s["moe_tp_size"],
            OPERANDS[format_],
            theta,
            chip_,
            gated=rows.kernel != "nongated",
            skewed=skewed,
        ).seconds
    )


def _moe(format_: str) -> FamilyFit:
    return FamilyFit(
        f"moe_{format_}",
        "moe",
        f"experts, {format_}",
        partial(moe_rows, format_),
        partial(moe_predict, format_),
        MOE_PRIORS,
        ("ci", "eta", "t0"),
        ("ci", "eta", "t0", "tp", "ct", "cio"),
    )


FAMILIES: Final = tuple(_moe(format_) for format_ in OPERANDS if format_ in moe.FAMILIES)
