"""The picture: regions as the rules bound them."""

from __future__ import annotations

import json
from datetime import date
from xml.etree import ElementTree

from hypothesis import given
from hypothesis import strategies as st

from assay.export.chart import DENSITY_AXIS, TPP_AXIS, regions
from assay.export.decision import check
from assay.export.item import Item
from assay.export.picture import picture
from assay.export.request import ExportRequest

ON = date(2026, 8, 1)


@given(tpp=st.floats(*TPP_AXIS), density=st.floats(*DENSITY_AXIS))
def test_a_data_centre_chip_is_controlled_exactly_where_a_region_holds_it(tpp: float, density: float) -> None:
    item = Item("x", tpp=tpp, die_area_mm2=tpp / density, datacentre=True)
    verdict = check(ExportRequest(item, ON, destination="CN", hq="CN"))
    inside = any(
        region.tpp[0] <= tpp < region.tpp[1] * (1 + 1e-12)
        and region.density[0] <= (item.density or 0) < region.density[1] * (1 + 1e-12)
        for region in regions(ON)
    )
    if tpp < TPP_AXIS[1] and density < DENSITY_AXIS[1] * 0.999:
        edges = {bound for region in regions(ON) for bound in (*region.tpp, *region.density)}
        if not any(abs(value - edge) < 1e-6 * edge for value in (tpp, density) for edge in edges):
            assert (verdict.paragraph is not None) is inside


def test_before_2023_there_are_no_regions() -> None:
    assert list(regions(date(2023, 1, 1))) == []


def test_the_picture_is_vega_lite_with_the_chips_as_points() -> None:
    drawn = json.loads(picture(["h20", "h100"], ON))
    assert drawn["$schema"].endswith("vega-lite/v5.json")
    assert [point["chip"] for point in drawn["layer"][1]["data"]["values"]] == ["H20 SXM5 96GB", "H100 SXM5 80GB"]
    assert {region["paragraph"] for region in drawn["layer"][0]["data"]["values"]} == {
        "3A090.a.1",
        "3A090.a.2",
        "3A090.b.1",
        "3A090.b.2",
    }


def test_the_picture_is_well_formed_svg_too() -> None:
    drawn = ElementTree.fromstring(picture(["h20", "l4"], ON, as_svg=True))  # noqa: S314 - our own output
    texts = [element.text for element in drawn.iter("{http://www.w3.org/2000/svg}text")]
    assert "H20 SXM5 96GB" in texts
    assert "4,800" in texts
