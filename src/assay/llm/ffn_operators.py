"""The operators of an FFN: products, experts, element-wise kernels, and the communication of each kind of layout."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
import numpy.typing as npt

from assay.core.array import Number
from assay.llm.architecture import Architecture, DenseFfn, Ffn, MoeFfn
from assay.llm.gemms import all_reduce, gemms
from assay.llm.layout import Layout
from assay.llm.operator import Collective, Elementwise, ExpertAllToAll, Moe, Operator
from assay.llm.precision import Precision, WeightFormat
from assay.llm.routing import expert_load
from assay.llm.weights import dense_split, expert_slots, ffn_matrices

DISPATCHED_AS: Final[dict[WeightFormat, WeightFormat]] = {
    "fp8": "fp8",
    "fp8_block": "fp8_block",
    "nvfp4": "nvfp4",
    "w4a8_mxfp4_mxfp8": "fp8",
}
"""The format in which tokens travel to experts of each weight format; bf16 for the others."""

_GATHERED: Final[tuple[Literal["all_gather", "reduce_scatter"], ...]] = ("all_gather", "reduce_scatter")


@dataclass(frozen=True, slots=True)
class FfnStep:
    """What every FFN of a step sees."""

    tokens: Number
    moe_tokens: Number
    layout: Layout
    precision: Precision
    phase: Literal["prefill", "decode"]

    @property
    def exchanges(self) -> npt.NDArray[np.bool_]:
        """Whether tokens reach experts by all-to-all."""
        return np.asarray(self.layout.all_to_all, dtype=bool)

    @property
    def gathers(self) -> npt.NDArray[np.bool_]:
        """Whether attention ranks gather their tokens before an FFN and scatter the sums after it."""
        return np.greater(self.layout.dp, 1) & ~self.exchanges


def ffn_operators(architecture: Architecture, ffn: Ffn, step: FfnStep, count: int) -> Iterator[Operator]:
    """Yield the operators of an FFN that stands in `count` layers."""
    hidden, layout = architecture.hidden, step.layout
    matrices = ffn_matrices(ffn, hidden, layout)
    rows: Number
    activation: Number = 0.0
    if isinstance(ffn, MoeFfn):
        rows = step.tokens
        yield _moe(architecture, ffn, step, count)
    else:  # ranks that gather their tokens compute a dense FFN together
        rows = np.where(step.gathers, step.moe_tokens, step.tokens)
        activation = np.multiply(6.0 * rows, np.divide(ffn.intermediate, dense_split(layout)))
    yield from gemms(matrices, rows, step.precision, count)
    norms = architecture.norms_per_sublayer
    residual = np.multiply(step.tokens, (4.0 + 4.0 * norms) * hidden)
    yield Elementwise(role="ffn.elementwise", count=count, traffic_bytes=residual + activation, launches=1 + norms)
    yield from _ffn_communication(ffn, step, hidden, count)


def _moe(architecture: Architecture, ffn: MoeFfn, step: FfnStep, count: int) -> Moe:
    layout = step.layout
    load = expert_load(ffn.experts, ffn.top_k, layout.ep, step.moe_tokens, balanced=layout.all_to_all)
    return Moe(
        role="experts",
        count=count,
        tokens=step.moe_tokens,
        pairs=load.pairs,
        active_experts=load.active_experts,
        local_experts=expert_slots(ffn, layout),
        hidden=float(ffn.latent or architecture.hidden),
        intermediate=np.divide(ffn.intermediate, layout.moe_tp),
        gated=ffn.gated,
        format=step.precision.experts,
        phase=step.phase,
        all_to_all=layout.all_to_all,
    )


def _ffn_communication(ffn: Ffn, step: FfnStep, hidden: int, count: int) -> Iterator[Operator]:
    layout = step.layout
    message = np.multiply(2.0 * hidden, step.tokens)
    alone = np.equal(layout.dp, 1) & ~step.exchanges
    yield all_reduce("ffn.all_reduce", count * alone, message, layout.world)
    for kind in _GATHERED:
        yield Collective(
            role=f"ffn.{kind}",
            count=count * step.gathers,
            kind=kind,
            message_bytes=np.multiply(2.0 * hidden, step.moe_tokens),
            ranks=layout.world,
        )
    if isinstance(ffn, DenseFfn) or ffn.shared_intermediate:  # under all-to-all split over tp, and reduced there
        yield all_reduce("ffn.tp_all_reduce", count * step.exchanges, message, layout.tp)
    if isinstance(ffn, MoeFfn):
        yield from _exchange(ffn, step, hidden, count)


def _exchange(ffn: MoeFfn, step: FfnStep, hidden: int, count: int) -> Iterator[ExpertAllToAll]:
    """Tokens to the ranks of their experts and back; the chips of an attention rank send a share each."""
    formats: dict[Literal["dispatch", "combine"], WeightFormat] = {
        "dispatch": DISPATCHED_AS.get(step.precision.experts, "bf16"),
        "combine": "bf16",
    }
    for direction, format in formats.items():
        yield ExpertAllToAll(
            role=f"experts.{direction}",
            count=count * step.exchanges,
            phase=direction,
            mode="normal" if step.phase == "prefill" else "low_latency",
            tokens=np.divide(step.tokens, step.layout.tp),
            hidden=float(ffn.latent or hidden),
            top_k=float(ffn.top_k),
            ranks=step.layout.ep,
            format=format,
        )
