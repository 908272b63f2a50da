"""Dense GEMMs."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from typing import Final

import numpy as np

from assay.kernels import gemm
from assay.kernels.coefficients import Theta
from assay.kernels.fit.families.family import PJ, TABLE_NAMES, US, FamilyFit, priors, silicon_of
from assay.kernels.fit.rows import Column, Rows
from assay.kernels.fit.tables import Rule, Table, read
from assay.kernels.formats import OPERANDS
from assay.kernels.silicon import Silicon

OLD_GEMM: Final = (
    Rule(
        "an older release beside a newer one of the same framework",
        framework="sglang",
        versions=frozenset({"0.5.6.post2"}),
    ),
    Rule("an older release beside a newer one of the same framework", framework="vllm", versions=frozenset({"0.20.0"})),
)
GEMM: Final = Table("gemm", "gemm_perf", ("gemm_dtype", "m", "n", "k"), OLD_GEMM)
GEMM_PRIORS: Final = priors(
    e=(0.96, 0.03),
    ci=(25e3, 0.7),
    eta=(0.88, 0.15),
    t0=(2.5 * US, 1.0),
    tp=(0.5 * US, 1.0),
    phi=(96.0, 0.7),
    ct=(10.0, 0.8),
    q=(0.4, 0.5),
    ts=(2.5 * US, 0.7),
    p=(3.0, 0.5),
    ef=(0.3 * PJ, 0.4),
    efm=(0.85 * PJ, 0.3),
    eb=(25 * PJ, 0.4),
    cq=(1.0, 0.7),
    kw=(0.13, 1.0),
    ka=(0.7, 0.5),
    tk=(2e-9, 1.0),
    psi=(64.0, 1.0),
    psim=(32.0, 1.0),
)
ROOFLINE_PRIORS: Final = priors(e=(0.7, 0.5), eta=(0.85, 0.3), t0=(4 * US, 1.0), p=(1.5, 0.5), cq=(1.0, 0.7))


def gemm_rows(format_: str) -> Iterable[Rows]:
    """Yield the GEMMs of a format.

    Left out: n = 1 (another kernel); fp8 in blocks under vLLM, timed launch by launch: 57 to 290 us whatever the shape.
    """
    for rows in read(GEMM):
        if format_ == "fp8_block" and rows.framework == "vllm":
            continue
        chosen = rows.where((rows.shapes["gemm_dtype"] == TABLE_NAMES.get(format_, format_)) & (rows.shapes["n"] > 1))
        if len(chosen):
            yield chosen.of(gemm.kernel_class(format_, rows.framework, silicon_of(rows.chip)))


def gemm_predict(format_: str, rows: Rows, theta: Theta, chip_: Silicon) -> Column:
    """Seconds of GEMM rows."""
    m, n, k = (rows.shapes[name] for name in "mnk")
    return np.asarray(gemm.time(m, n, k, OPERANDS[format_], theta, chip_, warm=True).seconds)


def roofline_predict(rows: Rows, theta: Theta, chip_: Silicon) -> Column:
    """Seconds of bf16 GEMM rows by the three-number roofline."""
    m, n, k = (rows.shapes[name] for name in "mnk")
    return np.asarray(gemm.roofline(m, n, k, OPERANDS["bf16"], theta, chip_).seconds)


def _gemm(format_: str, what: str) -> FamilyFit:
    return FamilyFit(
        f"gemm_{format_}",
        "gemm",
        what,
        partial(gemm_rows, format_),
        partial(gemm_predict, format_),
        GEMM_PRIORS,
        ("ci", "eta", "t0"),
        ("ci", "t0") if format_ == "bf16" else ("ci", "t0", "cq"),
        software_axis="kernel class" if format_ == "fp8_block" else "framework",
    )


FAMILIES: Final = (
    _gemm("bf16", "GEMM, bf16"),
    FamilyFit(
        "gemm_bf16_roofline",
        "gemm",
        "GEMM, bf16, three-number roofline",
        partial(gemm_rows, "bf16"),
        roofline_predict,
        ROOFLINE_PRIORS,
        ("e", "eta", "t0"),
        ("e", "t0"),
        software_axis="framework",
    ),
    _gemm("fp8", "GEMM, fp8 per tensor"),
    _gemm("fp8_block", "GEMM, fp8 in blocks"),
    _gemm("nvfp4", "GEMM, nvfp4"),
)
