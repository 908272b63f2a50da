"""How wrong a prediction may be: 80 % bands by how far a chip is from the measured ones."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Literal

from assay.catalogue.door import Record, read_toml
from assay.core.interval import Interval
from assay.kernels.coefficients import shipped
from assay.kernels.silicon import Silicon

Transfer = Literal["measured", "sibling", "new generation", "other vendor"]
"""measured: the chip itself was; sibling: its generation was; new generation: another of its vendor's was."""
Quantity = Literal["ttft", "tpot"]
DATA = Path(__file__).parent / "data"
VENDOR_OF_MEASURED = "Nvidia"


class BandRecord(Record):
    """Log half widths of an 80 % band: measured / predicted lies in [exp(-down), exp(up)]."""

    down: float
    up: float


class BandsFile(Record):
    """data/bands.toml: quantity, transfer, band."""

    source: str
    bands: dict[Quantity, dict[Transfer, BandRecord]]


def transfer(silicon: Silicon) -> Transfer:
    """Return how far a chip is from those that the kernel coefficients were fitted on (the bf16 GEMM's, the most)."""
    family = shipped().family("gemm_bf16")
    if silicon.id in family.chips:
        return "measured"
    if silicon.vendor == VENDOR_OF_MEASURED and silicon.generation in family.generations:
        return "sibling"
    return "new generation" if silicon.vendor == VENDOR_OF_MEASURED else "other vendor"


def band(quantity: Quantity, reach: Transfer, value: float) -> Interval:
    """Return the 80 % interval of a predicted TTFT or TPOT.

    The band belongs to the chip, not to the row: residuals of one chip are correlated, so it does not shrink by
    averaging. Source: data/bands.toml, which says how it was obtained.
    """
    record = _bands().bands[quantity][reach]
    return Interval.spread(value, record.down, record.up)


@cache
def _bands() -> BandsFile:
    return read_toml(DATA / "bands.toml", BandsFile)
