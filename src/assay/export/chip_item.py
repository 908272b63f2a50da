"""A chip of the catalogue as an item: TPP, density and bandwidths by stated choices."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from assay.catalogue.chip import Chip, chip
from assay.catalogue.derived import BIT_LENGTH
from assay.core.errors import NotInCatalogue
from assay.export.item import Form, Item
from assay.export.product import Product, product

PCIE_X16_BYTES_PER_S: Mapping[int, float] = {3: 32e9, 4: 64e9, 5: 128e9, 6: 256e9}
"""Both directions together, by generation."""
TF32_BITS = 32
"""Bit length of the operation where TF32 counts: its inputs are stored in 32 bits."""


@dataclass(frozen=True, slots=True)
class TppChoices:
    """What the text leaves open of TPP. The defaults are the catalogue's."""

    figure: Literal["published", "computed"] = "published"
    """A vendor's published TPP wins where there is one, or all is computed from dense peaks."""
    tf32: bool = False
    """Whether TF32 counts, as 32 bits."""
    fp6: bool = True
    """Whether FP6 counts: at the FP4 rate of some chips it sets the TPP."""


@dataclass(frozen=True, slots=True)
class Tpp:
    """A TPP, the format that set it, and how it is known."""

    value: float
    format: str
    """Empty where it is the vendor's figure."""
    bits: int
    basis: str


def item(name: str, choices: TppChoices | None = None, form: Form | None = None) -> Item:
    """Return the item of a chip of the catalogue, or of a chip's TOML file. Raises NotInCatalogue with the nearest.

    An id may carry its vendor in front: "nvidia-h20-96gb" is "h20-96gb".
    """
    return item_of(find_chip(name), choices or TppChoices(), form)


def find_chip(name: str) -> Chip:
    """Return the chip of an id, an alias or a file, with or without its vendor in front."""
    try:
        return chip(name)
    except NotInCatalogue:
        vendor, _, rest = name.casefold().replace(" ", "-").partition("-")
        try:
            found = chip(rest)
        except NotInCatalogue:
            found = None
        if found is None or found.vendor.casefold().split()[0] != vendor:
            raise
        return found


def item_of(chip: Chip, choices: TppChoices, form: Form | None = None) -> Item:
    """Return a chip as an item, with what its vendor says of it."""
    listed = product(chip.id)
    found = total(chip, choices, listed)
    area = chip.facts.get("die_area_mm2")
    notes = [f"TPP {found.value:,.0f}: {found.basis}"] if found else []
    if area is not None and area.kind == "estimate":
        notes.append("the die area is an estimate, and so is the density")
    bare = Item(
        name=chip.name,
        form=form,
        tpp=found.value if found else None,
        die_area_mm2=chip.die_area_mm2,
        dram_bytes_per_s=chip.memory_bandwidth_bytes_per_s,
        interconnect_bytes_per_s=_interconnect(chip, listed),
        vendor=listed.vendor if listed else chip.vendor,
        designed_in=chip.country,
        notes=tuple(notes),
    )
    return bare.with_product(listed) if listed else bare


def total(chip: Chip, choices: TppChoices, listed: Product | None = None) -> Tpp | None:
    """Return the TPP of a chip: the vendor's published figure, or max over formats of dense peak [T/s] x bit length."""
    listed = listed or product(chip.id)
    if choices.figure == "published":
        if listed and listed.tpp is not None:
            return Tpp(listed.tpp, "", 0, f"published by the vendor ({', '.join(listed.source)})")
        fact = chip.facts.get("tpp")
        if fact is not None and fact.kind == "vendor":
            return Tpp(fact.value, "", 0, f"published by the vendor ({', '.join(fact.sources)})")
    bits = dict(BIT_LENGTH) | ({"tf32": TF32_BITS} if choices.tf32 else {})
    if not choices.fp6:
        bits.pop("fp6", None)
    key = "classification_flop_per_s."
    stated = {name.removeprefix(key): fact.value for name, fact in chip.facts.items() if name.startswith(key)}
    peaks = {**chip.peak_flop_per_s, **stated}
    products = {fmt: peak / 1e12 * bits[fmt] for fmt, peak in peaks.items() if fmt in bits}
    if not any(bits[fmt] <= 16 for fmt in products):
        return None
    best = max(products, key=products.__getitem__)
    return Tpp(products[best], best, bits[best], f"computed: {peaks[best] / 1e12:,.6g} T{best} x {bits[best]} bits")


def _interconnect(chip: Chip, listed: Product | None) -> float | None:
    """Return the rate over all inputs and outputs, both directions: scale-up link and host link."""
    host = PCIE_X16_BYTES_PER_S.get(int(chip.pcie_generation)) if chip.pcie_generation is not None else None
    if chip.link_bytes_per_s is not None:
        return 2 * chip.link_bytes_per_s + (host or 0.0)
    if listed is not None and listed.interconnect_gb_per_s is not None:
        return listed.interconnect_gb_per_s * 1e9
    return host if not chip.link else None
