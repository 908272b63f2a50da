"""What vendors say of their own products: ECCN and TPP on their lists, marketing, family, designer."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path

from pydantic import Field

from assay.catalogue.door import Record, read_toml
from assay.export.country import DATA
from assay.export.item import Form

PRODUCTS = DATA / "products"


@dataclass(frozen=True, slots=True)
class Product:
    """A product, or a family of products, as its vendor lists it."""

    name: str
    match: tuple[tuple[str, ...], ...]  # words that a name must hold; the longest match wins
    vendor: str
    designed_in: str
    form: Form
    datacentre: bool
    family: str | None
    eccn: str | None
    says_a: bool | None  # whether the vendor puts it in a paragraph of level .a
    says_b: bool | None
    tpp: float | None
    dram_gb_per_s: float | None
    interconnect_gb_per_s: float | None  # where the host link is the only one: its rate, both directions
    source: tuple[str, ...]
    note: str


class ProductRecord(Record):
    """`[[product]]` of a file of one vendor."""

    name: str
    match: tuple[str, ...] = Field(min_length=1)
    vendor: str | None = None
    form: Form | None = None
    family: str | None = None
    eccn: str | None = Field(default=None, pattern=r"^(\dA\d{3}(\.[a-z0-9.]+)?|EAR99)$")
    says_a: bool | None = None
    says_b: bool | None = None
    datacentre: bool | None = None
    tpp: float | None = Field(default=None, gt=0)
    dram_gb_per_s: float | None = Field(default=None, gt=0)
    interconnect_gb_per_s: float | None = Field(default=None, gt=0)
    note: str = ""


class ProductsFile(Record):
    """A file of products; what stands above them holds for each that does not say otherwise."""

    vendor: str
    designed_in: str = Field(pattern=r"^[A-Z]{2}$")
    source: tuple[str, ...] = Field(min_length=1)
    form: Form
    datacentre: bool
    product: tuple[ProductRecord, ...]

    def products(self) -> tuple[Product, ...]:
        """Return the products of the file."""
        return tuple(self._product(record) for record in self.product)

    def _product(self, record: ProductRecord) -> Product:
        said = level_of(record.eccn) if record.eccn else None
        return Product(
            name=record.name,
            match=tuple(words(pattern, keep="*") for pattern in record.match),
            vendor=record.vendor or self.vendor,
            designed_in=self.designed_in,
            form=record.form or self.form,
            datacentre=self.datacentre if record.datacentre is None else record.datacentre,
            family=record.family,
            eccn=record.eccn,
            says_a=said == "a" if said else record.says_a,
            says_b=said == "b" if said else record.says_b,
            tpp=record.tpp,
            dram_gb_per_s=record.dram_gb_per_s,
            interconnect_gb_per_s=record.interconnect_gb_per_s,
            source=self.source,
            note=record.note,
        )


def level_of(eccn: str) -> str:
    """Return the level of an ECCN: "a" of 3A090.a, 4A090.a and .z.1; "b" of .b and .z.2; else "below"."""
    number, _, rest = eccn.partition(".")
    if number in ("3A090", "4A090"):
        return "b" if rest.startswith("b") else "a"
    if rest.startswith("z"):
        return "b" if rest.startswith("z.2") else "a"
    return "below"


def words(name: str, keep: str = "") -> tuple[str, ...]:
    """Return the words of a name, in lower case; what stands in brackets or after a comma is left out."""
    bare = re.sub(r"\([^)]*\)", " ", name).split(",")[0].casefold()
    return tuple(re.findall(rf"[a-z0-9{re.escape(keep)}]+", bare))


@lru_cache(maxsize=4096)
def product(name: str) -> Product | None:
    """Return the product of a name: the one that matches most words of it, the earliest where two match as many."""
    given = words(name)
    best: tuple[tuple[int, int, int], Product] | None = None
    for candidate in products():
        for pattern in candidate.match:
            places = [_place(word, given) for word in pattern]
            if any(place < 0 for place in places):
                continue
            score = (len(pattern), -min(places), sum(len(word.removesuffix("*")) for word in pattern))
            if best is None or score > best[0]:
                best = (score, candidate)
    return best[1] if best else None


@cache
def products(folder: Path = PRODUCTS) -> tuple[Product, ...]:
    """Return all products."""
    return tuple(found for path in sorted(folder.glob("*.toml")) for found in read_toml(path, ProductsFile).products())


def _place(pattern: str, given: tuple[str, ...]) -> int:
    """Return where a word stands, or -1; a pattern with a star matches every word that begins so."""
    stem = pattern.removesuffix("*")
    whole = stem == pattern
    return next((i for i, word in enumerate(given) if word == stem or (not whole and word.startswith(stem))), -1)
