"""How well a cost is founded: what was measured of this operator on this chip, its siblings, its vendor's chips."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, Literal

from assay.kernels import alltoall, blocksparse, collective, decode, elementwise, gemm, linear, moe, prefill, sparse
from assay.kernels.coefficients import Coefficients, shipped
from assay.kernels.machine import Machine
from assay.kernels.silicon import Silicon
from assay.kernels.software import Software
from assay.llm import operator as op

Grade = Literal["measured", "sibling", "new generation", "other vendor", "guess"]
"""From best to worst founded: the chip itself is in the fit; its generation is; its vendor is; none is; or there are
no measurements of such an operator at all."""

MEASURED_VENDOR: Final = "Nvidia"
"""Vendor of all generations in the fit but one."""


def grade(
    operator: op.Operator, silicon: Silicon, software: Software, coefficients: Coefficients | None = None
) -> Grade:
    """Return how well `cost` of an operator is founded on a chip; picks the interval around it."""
    machine = Machine(silicon, software, coefficients or shipped())
    name = FAMILIES[type(operator)](operator, machine)
    if name is None:
        return "guess"
    family = machine.coefficients.family(name)
    if silicon.id in family.chips:
        return "measured"
    if silicon.generation in family.generations:
        return "sibling"
    return "new generation" if silicon.vendor == MEASURED_VENDOR else "other vendor"


def _always(name: str | None) -> Callable[[Any, Machine], str | None]:
    return lambda _operator, _machine: name


FAMILIES: Final[dict[type[op.Operator], Callable[[Any, Machine], str | None]]] = {
    op.Gemm: gemm.family,
    op.PrefillAttention: prefill.family,
    op.DecodeAttention: decode.family,
    op.LatentPrefillAttention: _always("mla_prefill"),
    op.LatentDecodeAttention: _always("mla_decode"),
    op.LatentBmm: _always("mla_bmm"),
    op.SparseLatentAttention: sparse.attention_family,
    op.IndexerLogits: sparse.logits_family,
    op.TopK: _always("top_k"),
    op.CompressedAttention: _always("sparse_mla"),
    op.BlockSparseAttention: blocksparse.family,
    op.LinearAttention: linear.family,
    op.CausalConv: linear.conv_family,
    op.StateSpaceScan: _always(None),
    op.HyperConnection: _always("mhc"),
    op.Moe: moe.family,
    op.Elementwise: elementwise.family,
    op.Collective: collective.family,
    op.ExpertAllToAll: alltoall.family,
    op.PointToPoint: _always(None),
}
"""The coefficient family behind each operator, None where there is none."""
