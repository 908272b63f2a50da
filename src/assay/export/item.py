"""What is moved: a chip, a board, a server, a memory stack. In SI units; None is: not known."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

from assay.core.errors import UsageError

if TYPE_CHECKING:
    from assay.export.product import Product

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
        dram, interconnect = product.dram_gb_per_s, product.interconnect_gb_per_s
        said = {
            "form": product.form,
            "tpp": product.tpp,
            "dram_bytes_per_s": None if dram is None else dram * 1e9,
            "interconnect_bytes_per_s": None if interconnect is None else interconnect * 1e9,
            "datacentre": product.datacentre,
            "vendor": product.vendor,
            "designed_in": product.designed_in,
            "family": product.family,
            "vendor_eccn": product.eccn,
            "vendor_says_a": product.says_a,
            "vendor_says_b": product.says_b,
        }
        added = {field: value for field, value in said.items() if value is not None and getattr(self, field) is None}
        if not added:
            return self
        where = f"of '{product.name}' in the vendor's list or data sheet ({', '.join(product.source)})"
        names = ", ".join(field.removesuffix("_bytes_per_s").replace("_", " ") for field in added)
        note = f"{names}: {where}" + (f"; {product.note}" if product.note else "")
        return replace(self, **added, notes=(*self.notes, note))

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
