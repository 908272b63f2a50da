"""The cost of any operator: a table from its type to its family."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from assay.kernels import (
    alltoall,
    blocksparse,
    collective,
    decode,
    elementwise,
    gemm,
    hyper,
    latent,
    linear,
    moe,
    prefill,
    sparse,
)
from assay.kernels.coefficients import Coefficients, shipped
from assay.kernels.machine import Cost, Machine
from assay.kernels.silicon import Silicon
from assay.kernels.software import Software
from assay.llm import operator as op

COSTS: Final[dict[type[op.Operator], Callable[[Any, Machine], Cost]]] = {
    op.Gemm: gemm.cost,
    op.PrefillAttention: prefill.cost,
    op.DecodeAttention: decode.cost,
    op.LatentPrefillAttention: latent.prefill_cost,
    op.LatentDecodeAttention: latent.decode_cost,
    op.LatentBmm: sparse.bmm_cost,
    op.SparseLatentAttention: sparse.attention_cost,
    op.IndexerLogits: sparse.logits_cost,
    op.TopK: sparse.top_k_cost,
    op.CompressedAttention: sparse.compressed_cost,
    op.BlockSparseAttention: blocksparse.cost,
    op.LinearAttention: linear.cost,
    op.CausalConv: linear.conv_cost,
    op.StateSpaceScan: linear.scan_cost,
    op.HyperConnection: hyper.cost,
    op.Moe: moe.cost,
    op.Elementwise: elementwise.cost,
    op.Collective: collective.cost,
    op.ExpertAllToAll: alltoall.cost,
    op.PointToPoint: collective.point_to_point_cost,
}


def cost(operator: op.Operator, silicon: Silicon, software: Software, coefficients: Coefficients | None = None) -> Cost:
    """Return the time of one launch of an operator on a chip.

    Parameters
    ----------
    operator
        Shapes of one chip, numbers or arrays that broadcast; `count` is not applied.
    silicon
        The chip.
    software
        The framework and its kernel classes.
    coefficients
        A fit of one's own; None: the one that ships.

    Returns
    -------
    Cost
        Seconds in two parts, of the shape that the operator's fields broadcast to. Never below `speed_of_light_s`.
    """
    return COSTS[type(operator)](operator, Machine(silicon, software, coefficients or shipped()))
