"""Collectives over NVLink."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

import numpy as np

from assay.kernels import collective
from assay.kernels.coefficients import Theta
from assay.kernels.fit.families.family import US, FamilyFit, priors, silicon_of
from assay.kernels.fit.rows import Column, Rows
from assay.kernels.fit.tables import Table, read
from assay.kernels.silicon import Silicon

NCCL: Final = Table("comm", "nccl_perf", ("op_name", "nccl_dtype", "num_gpus", "message_size"), newest=True)
CUSTOM: Final = Table("comm", "custom_allreduce_perf", ("kernel_source", "num_gpus", "message_size"), newest=True)
TRAY: Final = {"gb200": 4, "gb300": 4}
"""GPUs of one board where that is fewer than 8; between boards all-reduce takes another path."""
NCCL_PRIORS: Final = priors(
    a0=(6 * US, 0.5),
    an=(0.2, 0.7),
    ra=(1.4, 0.4),
    r2=(1.1, 0.4),
    ell=(0.3, 0.5),
    a2=(8 * US, 0.7),
    eta=(0.8, 0.2),
    e2=(0.95, 0.2),
)
CUSTOM_PRIORS: Final = priors(
    a0=(4 * US, 0.5), an=(0.05, 0.7), e1=(0.5, 0.4), a2=(8 * US, 0.7), eta=(0.75, 0.2), en=(0.1, 1.0)
)


def nccl_rows() -> Iterable[Rows]:
    """Yield NCCL rows over NVLink. Over PCIe the host's topology decides, which no datasheet states."""
    for rows in read(NCCL):
        if not silicon_of(rows.chip).hosted:
            yield rows.of("nccl")


def nccl_predict(rows: Rows, theta: Theta, chip_: Silicon) -> Column:
    """Seconds of NCCL rows; the tables count elements."""
    s = rows.shapes
    message = s["message_size"] * np.where(s["nccl_dtype"] == "int8", 1.0, 2.0)
    seconds = np.zeros(np.broadcast_shapes(message.shape, np.shape(theta.a0 * message)))
    for kind in sorted(set(s["op_name"].tolist())):
        mine = s["op_name"] == kind
        name = "all_to_all" if kind == "alltoall" else kind
        seconds[..., mine] = collective.nccl_s(name, message[mine], s["num_gpus"][mine], theta, chip_)
    return seconds


def custom_rows() -> Iterable[Rows]:
    """Yield custom all-reduce rows over NVLink, captured in a graph: eager ones hold 12 to 49 us of host time."""
    for rows in read(CUSTOM):
        eager = np.array(["eager" in source for source in rows.shapes["kernel_source"].tolist()])
        if not silicon_of(rows.chip).hosted and not np.all(eager):
            yield rows.where(~eager & (rows.shapes["num_gpus"] <= TRAY.get(rows.chip, 8)))


def custom_predict(rows: Rows, theta: Theta, chip_: Silicon) -> Column:
    """Seconds of custom all-reduce rows; the tables count bf16 elements."""
    s = rows.shapes
    return np.asarray(collective.custom_all_reduce_s(s["message_size"] * 2.0, s["num_gpus"], theta, chip_))


FAMILIES: Final = (
    FamilyFit(
        "nccl",
        "communication",
        "NCCL over NVLink",
        nccl_rows,
        nccl_predict,
        NCCL_PRIORS,
        ("a0", "ell", "eta"),
        (),
        most=400,
    ),
    FamilyFit(
        "custom_all_reduce",
        "communication",
        "custom all-reduce over NVLink",
        custom_rows,
        custom_predict,
        CUSTOM_PRIORS,
        ("a0", "eta"),
        ("a0", "e1", "a2"),
        software_axis="framework",
        most=400,
    ),
)
