"""The facts that rules may ask for: one table, which is their schema and their documentation."""

from __future__ import annotations

from collections.abc import Mapping

FACTS: Mapping[str, str] = {
    # the item
    "kind": "what is moved: processor, hbm (a stack on its own) or other",
    "tpp": "total processing performance (TPP), dense",
    "die_area_mm2": "area of the logic dies made on a non-planar process (applicable die area), mm2",
    "performance_density": "performance density: TPP over the applicable die area, which must be given",
    "dram_gb_per_s": "total DRAM bandwidth, GB/s",
    "interconnect_gb_per_s": "interconnect bandwidth, all inputs and outputs, both directions, GB/s",
    "dram_and_interconnect_gb_per_s": "sum of DRAM and interconnect bandwidth, GB/s",
    "hbm_gb_per_s_per_mm2": "memory bandwidth density of an HBM stack, GB/s per mm2",
    "datacentre": "whether the item is designed or marketed for use in data centres",
    "vendor": "whose chip it is",
    "designed_in": "country of the designer's headquarters",
    "family": "product family, as letters and measures name it",
    "vendor_says_a": "whether the vendor's own list puts the item in a paragraph of level .a",
    "vendor_says_b": "whether the vendor's own list puts the item in a paragraph of level .b",
    # the transaction
    "date": "date of the transaction",
    "movement": "export, reexport, transfer, continued_use, use, evaluation, remote_access, deemed_export or import",
    "origin": "country it leaves",
    "destination": "country of ultimate destination",
    "quantity": "number of units",
    "total_tpp": "TPP of all units together",
    # the parties
    "hq": "country of the end user's headquarters",
    "parent_hq": "country of the headquarters of the end user's ultimate parent",
    "end_user": "who the end user is",
    "exporter_hq": "country of the exporter's headquarters",
    "listed": "whether a party is on the Entity List, the MEU List or is an SDN of 744.8",
    "listed_owner_share": "share of the end user that listed parties own together, 0 to 1",
    "subject_to_ear": "whether an item designed in China is subject to the EAR (foreign direct product rules)",
    "named_in_letter": "whether a letter whose addressees are not public names this sale",
    "bona_fide_operator": "whether the user is a bona fide data-centre operator",
    # what is promised
    "certified": "whether the certification of supplement 2 to part 748, paragraph (dd), is given",
    "us_tpp_ratio": "aggregate TPP for China and Macau over that shipped to US customers",
    "designer_buys_hbm": "whether the designer buys the HBM directly and it goes straight to packaging",
    "exempt_us_use": "whether the import is for a use that s. 232 exempts",
}
"""Fact -> what it is, in the words in which a missing one is asked for."""
