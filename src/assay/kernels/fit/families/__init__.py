"""The families of coefficients that are fitted, a module each group."""

from __future__ import annotations

from typing import Final

from assay.kernels.fit.families import (
    alltoall,
    attention,
    blocksparse,
    collective,
    elementwise,
    exchanged,
    experts,
    gemm,
    latent,
    linear,
    sparse,
)
from assay.kernels.fit.families.family import FamilyFit, silicon_of

GROUPS: Final = (
    gemm,
    attention,
    latent,
    experts,
    exchanged,
    collective,
    alltoall,
    elementwise,
    sparse,
    blocksparse,
    linear,
)
FAMILIES: Final[dict[str, FamilyFit]] = {family.name: family for group in GROUPS for family in group.FAMILIES}
"""By name: every family of data/."""

__all__ = ["FAMILIES", "FamilyFit", "silicon_of"]
