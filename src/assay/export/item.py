"""What is moved: a chip, a board, a server, a memory stack. In SI units; None is: not known."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

from assay.core.errors import UsageError

if TYPE_CHECKING:
    from assay.export.product import Product

NOTED = {
    "TPP": "tpp",
    "DRAM bandwidth": "dram_bytes_per_s",
    "interconnect bandwidth": "interconnect_bytes_per_s",
    "marketing": "datacentre",
    "ECCN": "vendor_eccn",
    "class": "vendor_says_a",
}
"""Facts of which a verdict says that they come from the list of products."""

Form = Literal["chip", "board", "server"]
Kind = Literal["processor", "hbm", "other"]


@dataclass(frozen=True, slots=True)
class Item:
    """The facts of an item that export rules ask for."""

    name: str
    kind: Kind | None = "processor"
    form: Form | None = None
    tpp: float | None = None
    """Per package, dense, the highest over bit lengths."""
    die_area_mm2: float | None = None
    """Of logic dies on a non-planar process; 0 where there is none."""
    performance_density: float | None = None
    """TPP per mm2, where it is stated and the area is not."""
    dram_bytes_per_s: float | None = None
    interconnect_bytes_per_s: float | None = None
    """Over all inputs and outputs, both directions together."""
    hbm_density_bytes_per_s_per_mm2: float | None = None
    datacentre: bool | None = None
    """Designed or marketed for use in data centres."""
    vendor: str | None = None
    """ "none" is a hypothetical chip that nobody sells."""
    designed_in: str | None = None
    family: str | None = None
    vendor_eccn: str | None = None
    """As the vendor's own list gives it."""
    vendor_says_a: bool | None = None
    vendor_says_b: bool | None = None
    notes: tuple[str, ...] = ()
    """Where the facts come from."""

    def __post_init__(self) -> None:
        """Refuse what cannot be. Raises UsageError."""
        for field in (
            "tpp",
            "die_area_mm2",
            "performance_density",
            "dram_bytes_per_s",
            "interconnect_bytes_per_s",
            "hbm_density_bytes_per_s_per_mm2",
        ):
            value = getattr(self, field)
            if value is not None and not (value >= 0 and math.isfinite(value)):
                raise UsageError(f"{field} of {self.name} is {value:g}: it must be a number of at least 0")

    def with_product(self, product: Product) -> Item:
        """Return the item with what its vendor says of it, where the item itself does not say."""
        dram, interconnect = _bytes(product.dram_gb_per_s), _bytes(product.interconnect_gb_per_s)
        said = replace(
            self,
            form=self.form or product.form,
            tpp=product.tpp if self.tpp is None else self.tpp,
            dram_bytes_per_s=dram if self.dram_bytes_per_s is None else self.dram_bytes_per_s,
            interconnect_bytes_per_s=(
                interconnect if self.interconnect_bytes_per_s is None else self.interconnect_bytes_per_s
            ),
            datacentre=product.datacentre if self.datacentre is None else self.datacentre,
            vendor=self.vendor or product.vendor,
            designed_in=self.designed_in or product.designed_in,
            family=self.family or product.family or product.name,
            vendor_eccn=self.vendor_eccn or product.eccn,
            vendor_says_a=product.says_a if self.vendor_says_a is None else self.vendor_says_a,
            vendor_says_b=product.says_b if self.vendor_says_b is None else self.vendor_says_b,
        )
        added = [name for name, field in NOTED.items() if getattr(said, field) != getattr(self, field)]
        if not added:
            return said
        note = f"{', '.join(added)}: as listed for '{product.name}' ({', '.join(product.source)})"
        return replace(said, notes=(*self.notes, note + (f"; {product.note}" if product.note else "")))

    @property
    def density(self) -> float | None:
        """Return the performance density: TPP over the applicable die area, to twelve digits.

        A stated density is used where no area is known. Without a die on a non-planar process it is undefined, which
        no density limb meets: 0. Twelve digits, so that a quotient of decimals meets the threshold it is equal to.
        """
        if self.die_area_mm2 == 0:
            return 0.0
        if self.die_area_mm2 is None or self.tpp is None:
            return self.performance_density
        return float(f"{self.tpp / self.die_area_mm2:.12g}")


def _bytes(gb_per_s: float | None) -> float | None:
    return None if gb_per_s is None else gb_per_s * 1e9
