"""Expert all-to-all inside a node, and on H100 between nodes."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

import numpy as np

from assay.kernels import alltoall
from assay.kernels.coefficients import Theta
from assay.kernels.fit.families.family import US, FamilyFit, priors
from assay.kernels.fit.rows import Column, Rows
from assay.kernels.fit.tables import Rule, Table, read
from assay.kernels.silicon import Silicon

COPIED: Final = (Rule("every row is one of H100", chip="h200-sxm", versions=frozenset({"0.5.6.post2"})),)
_DEEPEP = ("node_num", "hidden_size", "num_token", "num_topk")
PHASES: Final = ("dispatch", "combine")
LOW_LATENCY: Final = {
    phase: Table("comm", "wideep_deepep_ll_perf", _DEEPEP, COPIED, times=(f"{phase}_avg_t_us",), unit_s=US)
    for phase in PHASES
}
NORMAL: Final = {
    phase: Table(
        "comm",
        "wideep_deepep_normal_perf",
        (*_DEEPEP, f"{phase}_sms"),
        COPIED,
        times=(f"{phase}_transmit_us", f"{phase}_notify_us"),
        unit_s=US,
    )
    for phase in PHASES
}
OTHERS: Final = Table(
    "comm",
    "moe_a2a_perf",
    ("comm_backend", "phase", "comm_dtype", "node_num", "hidden_size", "num_tokens", "topk", "sms"),
    times=("transmit_us", "notify_us"),
    unit_s=US,
)

HGX: Final = 8
TRAY: Final = {"gb200": 4, "gb300": 4}
"""Ranks of a node in the tables: of one board, where that holds fewer than 8."""
CORES: Final = 20.0
"""Cores that copy where a table gives none: DeepEP's own default."""
PRIORS: Final = priors(
    a0=(40 * US, 1.0),
    ax=(0.5, 0.5),
    eta=(0.7, 0.3),
    ei=(0.85, 0.15),
    e8=(1.0, 0.3),
    phi=(16.0, 1.0),
    p=(4.0, 0.4),
    c0=(2.0, 0.7),
)


def alltoall_rows() -> Iterable[Rows]:
    """Yield rows by library, mode and phase, columns named alike.

    Left out: DeepEP v2, on one chip only; what TensorRT-LLM labels fp4 (some chips move fewer bytes for it, others do
    not) and combinations in fewer than 16 bits.
    """
    for phase in PHASES:
        for rows in read(LOW_LATENCY[phase]):
            yield _named(rows, f"LL_{phase}", phase)
        for rows in read(NORMAL[phase]):
            yield _named(rows, f"HT_{phase}", phase, cores=rows.shapes[f"{phase}_sms"])
    for rows in read(OTHERS):
        for library, some in rows.split_by("comm_backend"):
            for phase, these in some.split_by("phase"):
                formats = {"default", "bfloat16", "fp8"} if phase == "dispatch" else {"default", "bfloat16"}
                chosen = these.where(np.isin(these.shapes["comm_dtype"], list(formats)))
                if len(chosen) and not library.startswith("deepep_v2"):
                    yield _other(chosen, f"{library}_{phase}")


def _named(rows: Rows, kernel: str, phase: str, cores: Column | None = None) -> Rows:
    """Return DeepEP's rows under SGLang: fp8 and its scales out, bf16 back."""
    s = rows.shapes
    element = 1.0 + alltoall.SCALE_BYTES["fp8"] if phase == "dispatch" else 2.0
    columns = {
        "tokens": s["num_token"],
        "token_bytes": s["hidden_size"] * element,
        "top_k": s["num_topk"],
        "nodes": s["node_num"],
        "cores": np.zeros(len(rows)) + CORES if cores is None else cores,
    }
    return Rows(rows.chip, rows.framework, rows.version, kernel, columns, rows.seconds).merged()


def _other(rows: Rows, kernel: str) -> Rows:
    s = rows.shapes
    element = np.where(s["comm_dtype"] == "fp8", 1.0 + alltoall.SCALE_BYTES["fp8"], 2.0)
    columns = {
        "tokens": s["num_tokens"],
        "token_bytes": s["hidden_size"] * element,
        "top_k": s["topk"],
        "nodes": s["node_num"],
        "cores": np.where(s["sms"] > 0, s["sms"], CORES),
    }
    return Rows(rows.chip, rows.framework, rows.version, kernel, columns, rows.seconds).merged()


def alltoall_predict(rows: Rows, theta: Theta, chip_: Silicon) -> Column:
    """Seconds of all-to-all rows; tokens are those of a rank."""
    s = rows.shapes
    ranks = s["nodes"] * float(TRAY.get(rows.chip, HGX))
    mode = "low_latency" if "LL" in rows.kernel.upper() else "normal"
    cost = alltoall.time(s["tokens"], s["token_bytes"], s["top_k"], ranks, mode, theta, chip_, copy_cores=s["cores"])
    return np.asarray(cost.seconds)


FAMILIES: Final = (
    FamilyFit(
        "all_to_all",
        "communication",
        "expert all-to-all",
        alltoall_rows,
        alltoall_predict,
        PRIORS,
        ("a0", "eta"),
        ("a0", "eta", "ei", "phi"),
        software_axis="library and mode, phase; LL_*, HT_*: DeepEP under SGLang",
    ),
)
