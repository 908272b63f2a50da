"""What is fitted of one family: its rows, formula, priors and offsets."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from assay.catalogue.chip import chip
from assay.catalogue.node import node_of
from assay.kernels.fit.rows import Rows
from assay.kernels.fit.solve import Predict, Prior
from assay.kernels.silicon import Silicon, silicon

US: Final = 1e-6
PJ: Final = 1e-12
TABLE_NAMES: Final = {"bf16": "bfloat16"}
"""Formats by their name in the tables, where it is another."""


@dataclass(frozen=True, slots=True, eq=False)
class FamilyFit:
    """How one family of coefficients is fitted."""

    name: str
    file: str
    """File of coefficients that it stands in, without suffix."""
    what: str
    rows: Callable[[], Iterable[Rows]]
    predict: Predict
    priors: Mapping[str, Prior]
    by_generation: tuple[str, ...]
    by_software: tuple[str, ...]
    software_axis: str = "kernel class"
    filters: str = ""
    most: int = 130
    """Most rows of a chip and kernel class in the fit."""

    def has(self, name: str) -> bool:
        """Whether a chip, or a generation, has rows of this family."""
        return any(name in (rows.chip, silicon_of(rows.chip).generation) for rows in self.rows())


def silicon_of(chip_id: str) -> Silicon:
    """Return the kernels' view of a chip in its usual node."""
    return silicon(chip(chip_id), node_of(chip_id))


def priors(**values: tuple[float, float]) -> dict[str, Prior]:
    """Return priors by symbol from (centre, standard deviation of the logarithm)."""
    return {symbol: Prior(*value) for symbol, value in values.items()}
