"""Requests of every kind, for property tests."""

from __future__ import annotations

from datetime import date

from hypothesis import strategies as st

from assay.export.country import country_codes
from assay.export.item import Item
from assay.export.request import ExportRequest

DATES = st.dates(date(2022, 8, 26), date(2027, 6, 1))
COUNTRIES = st.sampled_from(
    ["CN", "HK", "MO", "RU", "BY", "IR", "VN", "KH", "ET", "AE", "SA", "IL", "MY", "SG", "TW", "DE", "IN", "US"]
) | st.sampled_from(country_codes())
NEAR_LINES = [1599, 1600, 2368, 2399, 2400, 3000, 4799, 4800, 4989, 15840, 20999, 21000, 37248]
TPP = st.sampled_from(NEAR_LINES).map(float) | st.floats(100, 1e5)
BANDWIDTH = st.sampled_from([300, 864, 1344, 1399, 1400, 1700, 3350, 4800, 6499, 6500, 8000]).map(lambda gb: gb * 1e9)
MOVEMENTS = [
    "export",
    "reexport",
    "transfer",
    "continued_use",
    "use",
    "evaluation",
    "remote_access",
    "deemed_export",
    "import",
]


@st.composite
def items(draw: st.DrawFn) -> Item:
    return Item(
        "x",
        kind=draw(st.sampled_from(["processor", "processor", "processor", "hbm"])),
        form=draw(st.sampled_from(["chip", "board", "server"])),
        tpp=draw(TPP),
        die_area_mm2=draw(st.sampled_from([0.0, 294.0, 500.0, 609.0, 814.0, 1500.0]) | st.floats(50, 3000)),
        dram_bytes_per_s=draw(BANDWIDTH),
        interconnect_bytes_per_s=draw(st.sampled_from([64e9, 400e9, 599e9, 600e9, 900e9, 1100e9])),
        hbm_density_bytes_per_s_per_mm2=draw(st.sampled_from([1.0, 2.0, 2.1, 3.3, 8.0])) * 1e9,
        datacentre=draw(st.booleans()),
        vendor=draw(st.sampled_from(["NVIDIA", "AMD", "Intel", "other"])),
        designed_in=draw(st.sampled_from(["US", "US", "KR", "CN"])),
    )


@st.composite
def requests(draw: st.DrawFn) -> ExportRequest:
    return ExportRequest(
        draw(items()),
        draw(DATES),
        destination=draw(COUNTRIES),
        hq=draw(COUNTRIES),
        origin=draw(st.sampled_from(["US", "TW", "KR", "CN"])),
        movement=draw(st.sampled_from(MOVEMENTS)),
        quantity=draw(st.sampled_from([1, 1698, 1699, 100_000])),
        end_user=draw(st.sampled_from(["unlisted", "G42", "OpenAI"])),
        exporter_hq=draw(COUNTRIES),
        listed=draw(st.booleans()) and draw(st.booleans()),
        listed_owner_share=draw(st.sampled_from([0.0, 0.0, 0.49, 0.5, 1.0])),
        subject_to_ear=draw(st.booleans()),
        named_in_letter=draw(st.booleans()),
        bona_fide_operator=draw(st.booleans()),
        certified=draw(st.booleans()),
        us_tpp_ratio=draw(st.sampled_from([0.0, 0.5, 0.51])),
        designer_buys_hbm=draw(st.booleans()),
        exempt_us_use=draw(st.booleans()),
    )
