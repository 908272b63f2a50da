"""An item and a route as people state them: names of chips and countries, yes and no, the units of the law."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from typing import Literal

from assay.core.errors import UsageError
from assay.export.chip_item import TppChoices, item
from assay.export.country import country
from assay.export.item import Form, Item, Kind
from assay.export.request import ExportRequest, Movement

YesNo = Literal["yes", "no"]
TRUTH = {"yes": True, "no": False}


@dataclass(frozen=True, kw_only=True)
class AskedItem:
    """The item: a chip of the catalogue, or the facts of one; facts that are given win over the catalogue's.

    Parameters
    ----------
    chip
        Catalogue id, alias, or path to a TOML file.
    form
        How it is moved: chip, board or server; it decides the name of the ECCN.
    datacentre
        Whether it is designed or marketed for use in data centres.
    tpp
        Total processing performance, dense.
    die_area_mm2
        Area of the logic dies on a non-planar process; 0 where there is none.
    dram_gb_per_s
        Total DRAM bandwidth.
    interconnect_gb_per_s
        Bandwidth over all inputs and outputs, both directions.
    hbm_density
        Of an HBM stack on its own: GB/s per mm2.
    vendor
        Whose chip it is; none for a hypothetical one.
    designed_in
        Country of the designer's headquarters.
    tpp_figure
        The vendor's published TPP where there is one, or always the computed one.
    tf32
        Whether TF32 counts as 32 bits in a computed TPP.
    fp6
        Whether FP6 counts in a computed TPP.
    """

    chip: str | None = None
    form: Form | None = None
    datacentre: YesNo | None = None
    tpp: float | None = None
    die_area_mm2: float | None = None
    dram_gb_per_s: float | None = None
    interconnect_gb_per_s: float | None = None
    hbm_density: float | None = None
    vendor: str | None = None
    designed_in: str | None = None
    tpp_figure: Literal["published", "computed"] = "published"
    tf32: bool = False
    fp6: bool = True

    def of(self, chip: str | None = None) -> Item:
        """Return the item, of a chip that is named here or before.

        Raises
        ------
        UsageError
            Nothing is stated.
        NotInCatalogue
            The chip or a country does not exist; the error names the nearest.
        """
        stated = {
            "form": self.form,
            "datacentre": None if self.datacentre is None else TRUTH[self.datacentre],
            "tpp": self.tpp,
            "die_area_mm2": self.die_area_mm2,
            "dram_bytes_per_s": _bytes(self.dram_gb_per_s),
            "interconnect_bytes_per_s": _bytes(self.interconnect_gb_per_s),
            "hbm_density_bytes_per_s_per_mm2": _bytes(self.hbm_density),
            "vendor": _vendor(self.vendor),
            "designed_in": _code(self.designed_in),
        }
        given = {field: value for field, value in stated.items() if value is not None}
        name = chip or self.chip
        if name is not None:
            base = item(name, TppChoices(self.tpp_figure, self.tf32, self.fp6))
        elif given:
            base = Item("the item as stated")
        else:
            raise UsageError("no item is stated", "Give --chip, or facts such as --tpp and --die-area-mm2.")
        kind: Kind | None = "hbm" if self.hbm_density is not None else base.kind
        return replace(base, kind=kind, **given)  # type: ignore[arg-type]  # the keys are fields of Item


@dataclass(frozen=True, kw_only=True)
class AskedRoute:
    """The route and the parties; what is not stated is unknown, and the answer says where it would decide.

    Parameters
    ----------
    to
        Country of ultimate destination: CN, or its name.
    hq
        Country of the end user's headquarters.
    from_
        Country that it leaves.
    movement
        What happens to it.
    quantity
        Number of units.
    parent_hq
        Country of the headquarters of the end user's ultimate parent, where it has one elsewhere.
    end_user
        The end user by name, where a rule names end users; "unlisted" for one that none names.
    exporter_hq
        Country of the exporter's headquarters.
    listed
        Whether a party is on the Entity List, the MEU List or is an SDN of 744.8.
    listed_owner_share
        Share of the end user that listed parties own together, 0 to 1.
    certified
        Whether the certification of supplement 2 to part 748, paragraph (dd), is given.
    us_tpp_ratio
        Aggregate TPP for China and Macau over that shipped to US customers.
    bona_fide_operator
        Whether the user of what is already there is a bona fide data-centre operator.
    designer_buys_hbm
        Whether the designer buys the HBM directly, straight to the packaging site.
    exempt_us_use
        Whether an import is for a use that s. 232 exempts.
    subject_to_ear
        Whether an item designed in China is subject to the EAR.
    """

    to: str | None = None
    hq: str | None = None
    from_: str = "US"
    movement: Movement = "export"
    quantity: int | None = None
    parent_hq: str | None = None
    end_user: str | None = None
    exporter_hq: str | None = None
    listed: YesNo = "no"
    listed_owner_share: float = 0.0
    certified: YesNo | None = None
    us_tpp_ratio: float | None = None
    bona_fide_operator: YesNo | None = None
    designer_buys_hbm: YesNo | None = None
    exempt_us_use: YesNo | None = None
    subject_to_ear: YesNo | None = None

    def at_home(self) -> AskedRoute:
        """Return the route with the end user headquartered where the item goes, unless it says otherwise."""
        return replace(self, hq=self.hq or self.to)

    def request(self, item: Item, on: date, proposals: tuple[str, ...] = ()) -> ExportRequest:
        """Return the request. Raises NotInCatalogue for an unknown country, with the nearest."""
        return ExportRequest(
            item,
            on,
            destination=_code(self.to),
            hq=_code(self.hq),
            origin=_code(self.from_),
            movement=self.movement,
            quantity=self.quantity,
            parent_hq=_code(self.parent_hq),
            end_user=self.end_user,
            exporter_hq=_code(self.exporter_hq),
            listed=TRUTH[self.listed],
            listed_owner_share=self.listed_owner_share,
            certified=_truth(self.certified),
            us_tpp_ratio=self.us_tpp_ratio,
            bona_fide_operator=_truth(self.bona_fide_operator),
            designer_buys_hbm=_truth(self.designer_buys_hbm),
            exempt_us_use=_truth(self.exempt_us_use),
            subject_to_ear=_truth(self.subject_to_ear),
            proposals=proposals,
        )


def _code(name: str | None) -> str | None:
    return None if name is None else country(name).iso2


def _truth(said: YesNo | None) -> bool | None:
    return None if said is None else TRUTH[said]


def _bytes(gb_per_s: float | None) -> float | None:
    return None if gb_per_s is None else gb_per_s * 1e9


def _vendor(name: str | None) -> str | None:
    """Return a vendor as the letters spell it, whatever the case."""
    known = {"nvidia": "NVIDIA", "amd": "AMD", "intel": "Intel"}
    return None if name is None else known.get(name.casefold(), name)
