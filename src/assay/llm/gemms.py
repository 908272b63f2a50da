"""From the matrices of a layer to the operators that multiply them, and the all-reduce of what they leave partial."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from assay.core.array import Number
from assay.llm.operator import Collective, Gemm
from assay.llm.precision import Precision
from assay.llm.weights import Matrix, part_format


def gemms(matrices: tuple[Matrix, ...], tokens: Number, precision: Precision, count: float) -> Iterator[Gemm]:
    """Yield the products of `tokens` rows with the matrices that are multiplied one by one."""
    for matrix in matrices:
        if matrix.kernel == "gemm":
            yield Gemm(
                role=matrix.role,
                count=count,
                m=tokens,
                n=np.multiply(matrix.n, matrix.copies),  # grouped output projection: one batched launch
                k=matrix.k,
                format=part_format(precision, matrix.part),
                static_scales=precision.static_scales,
            )


def all_reduce(role: str, count: Number, message_bytes: Number, ranks: Number) -> Collective:
    """Return an all-reduce; among one rank there is none."""
    masked = np.multiply(count, np.greater(ranks, 1))
    return Collective(role=role, count=masked, kind="all_reduce", message_bytes=message_bytes, ranks=ranks)
